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
        return new ProcessBuilder("mount", "-t", "tmpfs", "-o", "size=" + size + ",nr_inodes=20000", "tmpfs",
                directory.toString()).redirectError(ProcessBuilder.Redirect.DISCARD).start().waitFor() == 0;
    }

    /** Unmounts it; fails if a file of it is open still. */
    static void unmount(Path directory) throws IOException, InterruptedException {
        int result = new ProcessBuilder("umount", directory.toString()).inheritIO().start().waitFor();
        if (result != 0) {
            new ProcessBuilder("umount", "--lazy", directory.toString()).inheritIO().start().waitFor();
        }
        assertEquals(0, result);
    }
}
