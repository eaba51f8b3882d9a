// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs.nio;

import io.virtio4j.fs.backend.FsDirectory;
import io.virtio4j.fs.backend.FsMode;
import io.virtio4j.fs.backend.FsName;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A directory that was opened: the names that it had when it was begun to be listed, by their places. */
final class PathListing implements FsDirectory {

    /** The driver learns the number from the file itself. */
    private static final long UNKNOWN = 0xFFFF_FFFFL;

    private static final byte[] DOT = {'.'};
    private static final byte[] DOT_DOT = {'.', '.'};
    private static final int DOTS = 2;

    private final PathNode node;
    private @Nullable List<FsName> found;

    PathListing(PathNode node) {
        this.node = node;
    }

    @Override
    public void list(long from, Sink sink) throws IOException {
        List<FsName> names = found;
        if (from <= 0 || names == null) {
            names = node.names();
            found = names;
        }
        long place = Math.max(0, from);
        while (place < names.size() + (long) DOTS) {
            byte[] name = place == 0 ? DOT : place == 1 ? DOT_DOT : names.get((int) place - DOTS).bytes();
            if (!sink.add(name, UNKNOWN, place < DOTS ? FsMode.DIRECTORY : 0, place + 1)) {
                return;
            }
            place++;
        }
    }

    @Override
    public void sync(boolean dataOnly) throws IOException {
        node.sync();
    }
}
