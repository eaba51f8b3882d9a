// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.host.linux;

import static io.virtio4j.host.linux.LinuxNodeTest.assertError;
import static io.virtio4j.host.linux.LinuxNodeTest.find;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.host.linux.LinuxNode.Access;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Locks of open files, against each other and against POSIX locks. */
class FileLocksTest {
    @TempDir
    Path directory;

    private Path path;
    private LinuxNode node;
    private LinuxFile first;
    private LinuxFile second;

    @BeforeEach
    void openTwice() throws IOException {
        path = Files.writeString(directory.resolve("file"), "0123456789");
        try (LinuxNode root = LinuxNode.root(directory)) {
            node = find(root, "file");
        }
        first = node.open(Access.READ_WRITE);
        second = node.open(Access.READ_WRITE);
    }

    @AfterEach
    void close() {
        first.close();
        second.close();
        node.close();
    }

    @Test
    void an_exclusive_lock_keeps_others_from_its_range_only() throws IOException {
        assertTrue(first.locks().tryLock(true, 2, 3));

        assertFalse(second.locks().tryLock(true, 4, 10));
        assertFalse(second.locks().tryLock(false, 0, 0));
        assertTrue(second.locks().tryLock(true, 5, 0));
        assertEquals(Optional.of(new FileLocks.Held(true, 2, 3, -1)), second.locks().excluding(false, 0, 4));
        assertEquals(Optional.empty(), second.locks().excluding(true, 0, 2));
    }

    @Test
    void shared_locks_stand_together() throws IOException {
        assertTrue(first.locks().tryLock(false, 0, 0));
        assertTrue(second.locks().tryLock(false, 0, 0));
        assertFalse(second.locks().tryLock(true, 0, 1));
    }

    @Test
    void unlocking_a_part_leaves_the_rest() throws IOException {
        first.locks().tryLock(true, 0, 10);

        first.locks().unlock(3, 2);

        assertTrue(second.locks().tryLock(true, 3, 2));
        assertFalse(second.locks().tryLock(true, 2, 1));
        assertFalse(second.locks().tryLock(true, 5, 1));
    }

    @Test
    void locks_end_with_their_open_file() throws IOException {
        first.locks().tryLock(true, 0, 0);
        first.locks().tryLockFile(true);

        first.close();

        assertTrue(second.locks().tryLock(true, 0, 0));
        assertTrue(second.locks().tryLockFile(true));
    }

    @Test
    void locks_exclude_posix_locks() throws IOException {
        try (FileChannel posix = FileChannel.open(path, StandardOpenOption.WRITE)) {
            first.locks().tryLock(true, 0, 5);
            assertNull(posix.tryLock(4, 1, false));

            assertTrue(posix.tryLock(5, 5, false).isValid());
            assertFalse(first.locks().tryLock(true, 9, 1));
            assertEquals(ProcessHandle.current().pid(), first.locks().excluding(true, 9, 1).orElseThrow().process());
        }
    }

    @Test
    void a_lock_of_the_whole_file_is_changed_and_given_up() throws IOException {
        assertTrue(first.locks().tryLockFile(false));
        assertTrue(second.locks().tryLockFile(false));
        assertFalse(second.locks().tryLockFile(true));

        first.locks().unlockFile();

        assertTrue(second.locks().tryLockFile(true));
        assertFalse(first.locks().tryLockFile(false));
        assertTrue(first.locks().tryLock(true, 0, 0), "locks of ranges are others");
    }

    @Test
    void an_exclusive_lock_needs_a_file_open_for_writing() throws IOException {
        try (LinuxFile reading = node.open(Access.READ)) {
            assertError(Errno.EBADF, () -> reading.locks().tryLock(true, 0, 0));
            assertTrue(reading.locks().tryLock(false, 0, 0));
        }
    }
}
