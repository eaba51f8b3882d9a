// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs.linux;

import static io.virtio4j.fs.linux.Tree.assertError;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.fs.backend.FsErrno;
import io.virtio4j.fs.backend.FsFile;
import io.virtio4j.fs.backend.FsLock;
import io.virtio4j.fs.backend.FsLock.Kind;
import io.virtio4j.fs.backend.FsLock.Type;
import io.virtio4j.fs.backend.FsNode;
import io.virtio4j.fs.backend.OpenFlags;
import io.virtio4j.host.linux.LinuxFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** What guests see of each other's locks and what the host's processes see of them is the same, whatever fails. */
@EnabledOnOs(OS.LINUX)
class HostLockFailureTest {
    private static final Object GUEST = new Object();
    private static final long END = Long.MAX_VALUE;
    private static final int MOST_OF_A_FILE = 4096;

    @TempDir
    Path directory;

    private HostDirectory backend;
    private HostLocks locks;
    private FsNode root;
    private FsNode node;
    private FsFile file;
    private LinuxFile host;
    private LinuxFile unusable;
    private boolean refuses;

    @BeforeEach
    void open() throws IOException {
        Files.writeString(directory.resolve("file"), "0123456789");
        backend = HostDirectory.open(directory);
        root = backend.root();
        node = Tree.find(root, "file");
        file = node.open(Caller.ROOT, OpenFlags.READ_AND_WRITE);
        host = LinuxFile.open(directory.resolve("file"), LinuxFile.Option.WRITE);
        unusable = LinuxFile.open(directory.resolve("file"), LinuxFile.Option.WRITE);
        unusable.close();
        locks = new HostLocks(backend, known -> new LockFile(LockFile.openInHost(known)) {
            @Override
            boolean tryLock(FsLock lock) throws IOException {
                return refuses ? unusable.locks().tryLock(false, 0, 0) : super.tryLock(lock);
            }

            @Override
            void unlock(FsLock lock) throws IOException {
                if (refuses) {
                    refuses = false;
                    unusable.locks().unlock(0, 0);
                }
                super.unlock(lock);
            }
        }, Duration.ZERO);
    }

    @AfterEach
    void everythingIsGivenBack() throws IOException {
        locks.releaseAll(GUEST);
        assertTrue(host.locks().tryLock(true, 0, 0));
        assertTrue(host.locks().tryLockFile(true));
        host.close();
        file.release();
        node.release();
        root.release();
        assertEquals(1, backend.openDescriptors());
        locks.close();
        backend.close();
    }

    private static FsLock lock(long owner, Type type, long start, long end) {
        return new FsLock(Kind.POSIX, type, start, end, GUEST, owner, owner);
    }

    private static FsLock whole(long owner, Type type) {
        return new FsLock(Kind.FLOCK, type, 0, END, GUEST, owner, owner);
    }

    /** To guests and to the host's processes alike, bytes are locked for reading, and not for writing. */
    private void assertLockedForReading(long start, long end) throws IOException {
        for (long at = start; at <= end; at++) {
            assertNull(locks.conflict(node, file, lock(77, Type.READ, at, at)), "byte " + at);
            assertNotNull(locks.conflict(node, file, lock(77, Type.WRITE, at, at)), "byte " + at);
            assertTrue(host.locks().excluding(false, at, 1).isEmpty(), "byte " + at);
            assertTrue(host.locks().excluding(true, at, 1).isPresent(), "byte " + at);
        }
    }

    private void assertFree(long start, long end) throws IOException {
        assertNull(locks.conflict(node, file, lock(77, Type.WRITE, start, end)));
        assertTrue(host.locks().excluding(true, start, end - start + 1).isEmpty());
    }

    @Test
    void a_change_that_the_table_has_no_room_for_changes_nothing_in_the_host() throws IOException {
        locks.set(node, file, lock(1, Type.READ, 0, 9));
        for (int i = 1; i < MOST_OF_A_FILE; i++) {
            locks.set(node, file, lock(2, Type.READ, 100 + 2 * i, 100 + 2 * i));
        }

        assertError(FsErrno.ENOLCK, () -> locks.set(node, file, lock(1, Type.WRITE, 3, 6)));
        assertError(FsErrno.ENOLCK, () -> locks.setOrWait(node, file, lock(1, Type.WRITE, 3, 6), () -> {}));
        assertError(FsErrno.ENOLCK, () -> locks.set(node, file, lock(1, Type.UNLOCK, 3, 6)));
        assertError(FsErrno.ENOLCK, () -> locks.set(node, file, lock(3, Type.READ, 20, 20)));
        assertLockedForReading(0, 9);
        assertFree(20, 20);
        assertTrue(locks.set(node, file, lock(1, Type.READ, 5, 12)), "as many as before");
        assertLockedForReading(0, 12);
        locks.releaseAll(GUEST);
    }

    @Test
    void a_change_that_fails_in_the_host_changes_nothing_in_the_table() throws IOException {
        locks.set(node, file, lock(1, Type.READ, 0, 9));

        for (Type type : Type.values()) {
            refuses = true;
            assertError(FsErrno.EBADF, () -> locks.set(node, file, lock(1, type, 3, 6)));
            assertLockedForReading(0, 9);
        }
        refuses = true;
        assertError(FsErrno.EBADF, () -> locks.setOrWait(node, file, lock(2, Type.READ, 20, 20), () -> {}));
        refuses = false;
        assertFree(20, 20);
    }

    @Test
    void an_owner_whose_file_the_host_does_not_open_gets_no_lock() throws IOException {
        try (HostDirectory full = HostDirectory.builder(directory).descriptorsOnly().limit(4).open()) {
            FsNode fullRoot = full.root();
            FsNode fullNode = Tree.find(fullRoot, "file");
            FsFile opened = fullNode.open(Caller.ROOT, OpenFlags.READ_AND_WRITE);
            assertError(FsErrno.ENFILE, () -> full.locks().set(fullNode, opened, lock(1, Type.WRITE, 0, 9)));

            opened.release();
            assertTrue(full.locks().set(fullNode, opened, lock(2, Type.WRITE, 0, 9)), "the first has none");
            full.locks().releaseAll(GUEST);
            fullNode.release();
            fullRoot.release();
        }
    }

    @Test
    void the_lock_of_a_whole_file_is_what_it_was_if_it_cannot_be_changed() throws IOException {
        locks.set(node, file, whole(1, Type.READ));
        assertTrue(host.locks().tryLockFile(false));

        assertFalse(locks.set(node, file, whole(1, Type.WRITE)));

        host.locks().unlockFile();
        assertFalse(host.locks().tryLockFile(true), "the host's call had given it up");
        assertFalse(locks.set(node, file, whole(2, Type.WRITE)));
        assertTrue(locks.set(node, file, whole(2, Type.READ)));
    }

    @Test
    void who_waits_to_change_the_lock_of_a_whole_file_gives_up_what_he_had_as_in_flock() throws IOException {
        locks.set(node, file, whole(1, Type.READ));
        assertTrue(host.locks().tryLockFile(false));

        Objects.requireNonNull(locks.setOrWait(node, file, whole(1, Type.WRITE), () -> {})).cancel();

        assertTrue(host.locks().tryLockFile(true));
        host.locks().unlockFile();
        assertTrue(locks.set(node, file, whole(2, Type.WRITE)));
    }

    @Test
    void an_open_file_that_the_host_does_not_unlock_leaves_the_owner_what_he_has_by_others() throws IOException {
        FsFile closing = node.open(Caller.ROOT, OpenFlags.READ_AND_WRITE);
        locks.set(node, file, lock(1, Type.READ, 0, 1));
        locks.set(node, closing, lock(1, Type.WRITE, 2, 4));
        locks.set(node, file, lock(1, Type.READ, 5, 9));
        refuses = true;

        locks.closed(node, closing);
        closing.release();

        assertFalse(refuses);
        assertLockedForReading(0, 1);
        assertFree(2, 4);
        assertLockedForReading(5, 9);
    }
}
