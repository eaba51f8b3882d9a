// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Path;

/** A file system in memory that is soon full. */
final class SmallFileSystem {

    private SmallFileSystem() {}

    /** Mounts one; false if this process may not. */
    static boolean mount(Path directory, int size) throws IOException, InterruptedException {
        return new ProcessBuilder("mount", "-t", "tmpfs", "-o", "size=" + size + ",nr_inodes=5000", "tmpfs",
                directory.toString()).inheritIO().start().waitFor() == 0;
    }

    static void unmount(Path directory) throws IOException, InterruptedException {
        assertEquals(0, new ProcessBuilder("umount", directory.toString()).inheritIO().start().waitFor());
    }
}
