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
import io.virtio4j.fs.backend.FsLocks;
import io.virtio4j.fs.backend.FsNode;
import io.virtio4j.fs.backend.OpenFlags;
import io.virtio4j.host.linux.LinuxFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Locks of guests among each other and against the host's. */
@EnabledOnOs(OS.LINUX)
class HostLocksTest {
    private static final Object GUEST = new Object();
    private static final Object OTHER_GUEST = new Object();

    @TempDir
    Path directory;

    private HostDirectory backend;
    private FsLocks locks;
    private FsNode root;
    private FsNode node;
    private FsFile file;

    @BeforeEach
    void open() throws IOException {
        Files.writeString(directory.resolve("file"), "0123456789");
        backend = HostDirectory.open(directory);
        locks = backend.locks();
        root = backend.root();
        node = Tree.find(root, "file");
        file = node.open(Caller.ROOT, OpenFlags.READ_AND_WRITE);
    }

    @AfterEach
    void everythingIsGivenBack() {
        locks.releaseAll(GUEST);
        locks.releaseAll(OTHER_GUEST);
        file.release();
        node.release();
        root.release();
        assertEquals(1, backend.openDescriptors());
        backend.close();
    }

    private static FsLock lock(Object session, long owner, Type type, long start, long end) {
        return new FsLock(Kind.POSIX, type, start, end, session, owner, 10 + owner);
    }

    private static FsLock whole(Object session, long owner, Type type) {
        return new FsLock(Kind.FLOCK, type, 0, Long.MAX_VALUE, session, owner, 0);
    }

    @Test
    void owners_of_one_guest_and_of_two_exclude_each_other() throws IOException {
        assertTrue(locks.set(node, file, lock(GUEST, 1, Type.WRITE, 0, 4)));

        assertFalse(locks.set(node, file, lock(GUEST, 2, Type.READ, 4, 4)));
        assertFalse(locks.set(node, file, lock(OTHER_GUEST, 1, Type.WRITE, 0, Long.MAX_VALUE)));
        assertTrue(locks.set(node, file, lock(GUEST, 1, Type.READ, 2, 3)), "its own");
        assertTrue(locks.set(node, file, lock(OTHER_GUEST, 1, Type.WRITE, 5, Long.MAX_VALUE)));
        FsLock conflict = Objects.requireNonNull(locks.conflict(node, file, lock(OTHER_GUEST, 2, Type.READ, 0, 0)));
        assertEquals(11, conflict.process());
        assertNull(locks.conflict(node, file, lock(OTHER_GUEST, 2, Type.READ, 2, 3)));
    }

    @Test
    void locks_of_guests_exclude_processes_of_the_host() throws IOException {
        try (LinuxFile host = LinuxFile.open(directory.resolve("file"), LinuxFile.Option.WRITE)) {
            locks.set(node, file, lock(GUEST, 1, Type.WRITE, 2, 4));
            assertFalse(host.locks().tryLock(false, 4, 1));
            assertTrue(host.locks().tryLock(true, 5, 5));

            assertFalse(locks.set(node, file, lock(GUEST, 1, Type.READ, 9, 9)));
            FsLock conflict = Objects.requireNonNull(
                    locks.conflict(node, file, lock(GUEST, 2, Type.READ, 7, Long.MAX_VALUE)));
            assertEquals(Type.WRITE, conflict.type());
            assertEquals(5, conflict.start());
            assertEquals(9, conflict.end());

            locks.set(node, file, lock(GUEST, 1, Type.UNLOCK, 2, 4));
            assertTrue(host.locks().tryLock(true, 2, 3));
        }
    }

    @Test
    void closing_gives_all_locks_of_an_owner_up() throws IOException {
        locks.set(node, file, lock(GUEST, 1, Type.WRITE, 0, 1));
        locks.set(node, file, lock(GUEST, 1, Type.WRITE, 8, Long.MAX_VALUE));

        locks.release(node, file, Kind.POSIX, GUEST, 1);

        assertTrue(locks.set(node, file, lock(OTHER_GUEST, 1, Type.WRITE, 0, Long.MAX_VALUE)));
        locks.releaseAll(OTHER_GUEST);
        try (LinuxFile host = LinuxFile.open(directory.resolve("file"), LinuxFile.Option.WRITE)) {
            assertTrue(host.locks().tryLock(true, 0, 0));
        }
    }

    @Test
    void an_open_file_takes_along_what_was_locked_through_it() throws IOException {
        FsFile closing = node.open(Caller.ROOT, OpenFlags.READ_AND_WRITE);
        locks.set(node, closing, lock(GUEST, 1, Type.WRITE, 0, 1)); // by an owner that nobody speaks of again
        locks.set(node, closing, whole(GUEST, 1, Type.WRITE));
        locks.set(node, closing, lock(GUEST, 2, Type.WRITE, 3, 3));
        locks.set(node, file, lock(GUEST, 2, Type.WRITE, 5, 5));

        locks.closed(node, closing);
        closing.release();

        try (LinuxFile host = LinuxFile.open(directory.resolve("file"), LinuxFile.Option.WRITE)) {
            assertTrue(host.locks().tryLock(true, 0, 4));
            assertFalse(host.locks().tryLock(false, 5, 1), "of the same owner, through another open file");
            assertTrue(host.locks().tryLockFile(true));
        }
        assertFalse(locks.set(node, file, lock(OTHER_GUEST, 1, Type.WRITE, 5, 5)));
    }

    @Test
    void owners_without_locks_cost_no_descriptor() throws IOException {
        int before = backend.openDescriptors();
        for (int owner = 0; owner < 100; owner++) {
            locks.set(node, file, lock(GUEST, owner, Type.WRITE, 0, 1));
            locks.set(node, file, lock(GUEST, owner, Type.UNLOCK, 0, 0));
            assertEquals(before + 1, backend.openDescriptors());
            assertNull(locks.conflict(node, file, lock(OTHER_GUEST, owner, Type.WRITE, 0, 0)));
            locks.set(node, file, lock(GUEST, owner, Type.UNLOCK, 0, Long.MAX_VALUE));
            assertEquals(before, backend.openDescriptors());
        }
    }

    @Test
    void whole_files_are_locked_against_the_host_too() throws IOException {
        try (LinuxFile host = LinuxFile.open(directory.resolve("file"), LinuxFile.Option.WRITE)) {
            assertTrue(locks.set(node, file, whole(GUEST, 1, Type.READ)));
            assertTrue(locks.set(node, file, whole(GUEST, 2, Type.READ)));
            assertTrue(host.locks().tryLockFile(false));
            assertFalse(host.locks().tryLockFile(true));
            host.locks().unlockFile();

            assertFalse(locks.set(node, file, whole(GUEST, 1, Type.WRITE)));
            locks.release(node, file, Kind.FLOCK, GUEST, 2);
            assertTrue(locks.set(node, file, whole(GUEST, 1, Type.WRITE)));
            assertFalse(host.locks().tryLockFile(false));
            assertTrue(locks.set(node, file, lock(GUEST, 5, Type.WRITE, 0, 5)), "the kinds do not know each other");

            locks.set(node, file, whole(GUEST, 1, Type.UNLOCK));
            assertTrue(host.locks().tryLockFile(true));
            assertFalse(locks.set(node, file, whole(GUEST, 3, Type.READ)));
        }
    }

    @Test
    void who_waits_for_a_guest_to_change_the_lock_of_a_whole_file_has_none_in_the_host_either() throws IOException {
        locks.set(node, file, whole(GUEST, 1, Type.READ));
        locks.set(node, file, whole(OTHER_GUEST, 1, Type.READ));
        assertNotNull(locks.setOrWait(node, file, whole(GUEST, 1, Type.WRITE), () -> {}));

        locks.set(node, file, whole(OTHER_GUEST, 1, Type.UNLOCK));

        try (LinuxFile host = LinuxFile.open(directory.resolve("file"), LinuxFile.Option.WRITE)) {
            assertTrue(host.locks().tryLockFile(true));
        }
    }

    @Test
    void who_waits_for_a_guest_is_told_at_once() throws Exception {
        locks.set(node, file, lock(GUEST, 1, Type.WRITE, 0, 9));
        CountDownLatch told = new CountDownLatch(1);
        assertNotNull(locks.setOrWait(node, file, lock(OTHER_GUEST, 1, Type.WRITE, 5, 5), told::countDown));
        assertEquals(1, told.getCount());

        locks.set(node, file, lock(GUEST, 1, Type.UNLOCK, 5, 5));

        assertEquals(0, told.getCount());
        assertNull(locks.setOrWait(node, file, lock(OTHER_GUEST, 1, Type.WRITE, 5, 5), told::countDown));
    }

    @Test
    void who_waits_for_the_host_is_told_to_look_until_it_is_free() throws Exception {
        CountDownLatch had = new CountDownLatch(1);
        CountDownLatch tried = new CountDownLatch(3);
        FsLock wanted = lock(GUEST, 1, Type.WRITE, 0, 0);
        class Waiter implements Runnable {
            @Override
            public void run() {
                try {
                    tried.countDown();
                    if (locks.setOrWait(node, file, wanted, this) == null) {
                        had.countDown();
                    }
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            }
        }
        try (LinuxFile host = LinuxFile.open(directory.resolve("file"), LinuxFile.Option.WRITE)) {
            assertTrue(host.locks().tryLock(true, 0, 0));
            new Waiter().run();
            assertTrue(tried.await(10, TimeUnit.SECONDS));
            assertEquals(1, had.getCount());
            host.locks().unlock(0, 0);
            assertTrue(had.await(10, TimeUnit.SECONDS));
        }
    }

    @Test
    void a_wait_ends_when_it_is_cancelled() throws Exception {
        try (LinuxFile host = LinuxFile.open(directory.resolve("file"), LinuxFile.Option.WRITE)) {
            assertTrue(host.locks().tryLock(false, 0, 0));
            FsLocks.Wait wait = Objects.requireNonNull(locks.setOrWait(node, file, lock(GUEST, 1, Type.WRITE, 0, 0),
                    () -> {}));
            wait.cancel();
            assertFalse(locks.set(node, file, lock(GUEST, 1, Type.WRITE, 0, 0)));
        }
        assertTrue(locks.set(node, file, lock(GUEST, 2, Type.WRITE, 0, 0)), "nothing was locked later");
    }

    @Test
    void nobody_waits_for_himself() throws IOException {
        locks.set(node, file, lock(GUEST, 1, Type.WRITE, 0, 0));
        locks.set(node, file, lock(GUEST, 2, Type.WRITE, 1, 1));
        assertNotNull(locks.setOrWait(node, file, lock(GUEST, 1, Type.WRITE, 1, 1), () -> {}));

        assertError(FsErrno.EDEADLK, () -> locks.setOrWait(node, file, lock(GUEST, 2, Type.WRITE, 0, 0), () -> {}));
    }
}
