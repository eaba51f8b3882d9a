// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.virtio4j.fs.backend.FsFile.Caching;
import io.virtio4j.fs.nio.PathBackend;
import io.virtio4j.fs.tree.TreeBackend;
import io.virtio4j.testkit.fuse.Fuse;
import java.io.IOException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the driver is told that its page cache may keep. */
class PageCacheTest {

    private static final int DIRECT_IO = 1;
    private static final int KEEP_CACHE = 1 << 1;
    private static final int CACHE_DIR = 1 << 3;
    private static final int PARALLEL_DIRECT_WRITES = 1 << 6;

    private static TreeBackend tree() {
        return TreeBackend.create().file("kept", "content").computed("computed", () -> new byte[1]);
    }

    private static int opened(Mount mount, String name) {
        return mount.open(mount.find(name), 0).flags();
    }

    private static int created(Mount mount) {
        return mount.create(Fuse.ROOT, "new", Fuse.O_RDWR, 0644).flags();
    }

    private static int openedDirectory(Mount mount) {
        return mount.ask(Fuse.OPENDIR, Fuse.ROOT, mount.body().u32(0).u32(0), Fuse.OPEN_OUT).ok().body().getInt(8);
    }

    @Test
    void the_backend_decides_by_default_and_listings_are_not_kept() {
        try (Mount mount = Mount.of(tree())) {
            assertEquals(0, opened(mount, "kept"));
            assertEquals(0, created(mount));
            assertEquals(0, openedDirectory(mount));
            assertEquals(DIRECT_IO | PARALLEL_DIRECT_WRITES, opened(mount, "computed"));
        }
    }

    @Test
    void all_is_kept_if_the_embedder_says_so_but_what_never_can_be() {
        try (Mount mount = Mount.of(tree(), device -> device.caching(Caching.ALWAYS))) {
            assertEquals(KEEP_CACHE, opened(mount, "kept"));
            assertEquals(KEEP_CACHE, created(mount));
            assertEquals(CACHE_DIR | KEEP_CACHE, openedDirectory(mount));
            assertEquals(DIRECT_IO | PARALLEL_DIRECT_WRITES, opened(mount, "computed"));
        }
    }

    @Test
    void nothing_is_kept_if_the_embedder_says_so() {
        try (Mount mount = Mount.of(tree(), device -> device.caching(Caching.NEVER))) {
            assertEquals(DIRECT_IO | PARALLEL_DIRECT_WRITES, opened(mount, "kept"));
            assertEquals(DIRECT_IO | PARALLEL_DIRECT_WRITES, created(mount));
            assertEquals(0, openedDirectory(mount));
        }
    }

    @Test
    void a_file_system_that_cannot_be_written_is_kept_unless_the_embedder_says_otherwise(@TempDir Path directory)
            throws IOException {
        Path archive = directory.resolve("archive.zip");
        try (FileSystem zip = FileSystems.newFileSystem(archive, Map.of("create", "true"))) {
            Files.writeString(zip.getPath("kept"), "content");
        }
        try (FileSystem zip = FileSystems.newFileSystem(archive, Map.of("accessMode", "readOnly"))) {
            try (Mount mount = Mount.of(PathBackend.of(zip.getPath("/")))) {
                assertEquals(KEEP_CACHE, opened(mount, "kept"));
            }
            try (Mount mount = Mount.of(PathBackend.of(zip.getPath("/")),
                    device -> device.caching(Caching.WHILE_OPEN))) {
                assertEquals(0, opened(mount, "kept"));
            }
        }
    }
}
