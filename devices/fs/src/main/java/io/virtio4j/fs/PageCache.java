// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs;

import io.virtio4j.fs.backend.FsFile;
import io.virtio4j.fs.backend.FsFile.Caching;
import org.jspecify.annotations.Nullable;

/** What the driver's page cache may keep, in the flags that an open file or directory is answered with. */
record PageCache(@Nullable Caching policy) {

    private static final int FOPEN_DIRECT_IO = 1;
    private static final int FOPEN_KEEP_CACHE = 1 << 1;
    private static final int FOPEN_CACHE_DIR = 1 << 3;
    private static final int FOPEN_PARALLEL_DIRECT_WRITES = 1 << 6;

    int ofFile(FsFile file) {
        Caching caching = file.caching();
        // What has no size before it is read cannot be cached, whatever anybody wants.
        return switch (policy == null || caching == Caching.NEVER ? caching : policy) {
            case WHILE_OPEN -> 0;
            case ALWAYS -> FOPEN_KEEP_CACHE;
            case NEVER -> FOPEN_DIRECT_IO | FOPEN_PARALLEL_DIRECT_WRITES;
        };
    }

    int ofDirectory() {
        return policy == Caching.ALWAYS ? FOPEN_CACHE_DIR | FOPEN_KEEP_CACHE : 0;
    }
}
