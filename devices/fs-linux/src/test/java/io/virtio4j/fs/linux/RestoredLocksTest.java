// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.wire.StateReader;
import io.virtio4j.core.wire.StateWriter;
import io.virtio4j.fs.FsDevice;
import io.virtio4j.fs.backend.FsFile;
import io.virtio4j.fs.backend.FsLock;
import io.virtio4j.fs.backend.FsLock.Kind;
import io.virtio4j.fs.backend.FsLock.Type;
import io.virtio4j.fs.backend.FsLocks;
import io.virtio4j.fs.backend.FsNode;
import io.virtio4j.fs.backend.OpenFlags;
import io.virtio4j.host.linux.LinuxException;
import io.virtio4j.host.linux.LinuxFile;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.fuse.Fuse;
import io.virtio4j.testkit.fuse.FuseDriver;
import io.virtio4j.testkit.fuse.FuseDriver.Body;
import io.virtio4j.testkit.fuse.FuseDriver.Open;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Locks in the host go along with a saved session. */
@EnabledOnOs(OS.LINUX)
class RestoredLocksTest {
    private static final int READ = 0;
    private static final int WRITE = 1;
    private static final int UNLOCK = 2;
    private static final long END = Long.MAX_VALUE;

    @TempDir
    Path directory;

    private final List<Throwable> told = Collections.synchronizedList(new ArrayList<>());
    private HostDirectory before;
    private HostDirectory after;
    private LinuxFile host;

    @BeforeEach
    void open() throws IOException {
        Files.writeString(directory.resolve("f"), "0123456789");
        before = HostDirectory.open(directory);
        after = HostDirectory.open(directory);
        host = LinuxFile.open(directory.resolve("f"), LinuxFile.Option.WRITE);
    }

    @AfterEach
    void nothingIsLeftLocked() throws IOException {
        assertTrue(host.locks().tryLock(true, 0, 0));
        assertTrue(host.locks().tryLockFile(true));
        host.close();
        assertEquals(1, before.openDescriptors());
        assertEquals(1, after.openDescriptors());
    }

    private FsDevice restored() {
        return FsDevice.of("test", after).onBackendFault(told::add).build();
    }

    private static Body lock(FuseDriver fuse, Open file, long owner, int type, long start, long end, int flock) {
        return fuse.body().u64(file.fh()).u64(owner).u64(start).u64(end).u32(type).u32(7).u32(flock).u32(0);
    }

    private static int set(FuseDriver fuse, Open file, long owner, int type, long start, long end) {
        return fuse.error(Fuse.SETLK, file.node(), lock(fuse, file, owner, type, start, end, 0), 0);
    }

    private boolean hostMayLock(boolean exclusive, long start, long length) {
        try {
            return host.locks().excluding(exclusive, start, length).isEmpty();
        } catch (LinuxException e) {
            throw new AssertionError(e);
        }
    }

    private boolean hostMayLockAll(boolean exclusive) {
        try {
            boolean may = host.locks().tryLockFile(exclusive);
            host.locks().unlockFile();
            return may;
        } catch (LinuxException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void locks_and_who_waits_for_them_go_along_from_one_who_has_them_until_he_ends() throws IOException {
        try (FsDevice source = FsDevice.of("test", before).build(); FsDevice there = restored();
                FuseDriver fuse = FuseDriver.mount(source)) {
            Open file = fuse.open(fuse.find("f"), Fuse.O_RDWR);
            assertEquals(0, set(fuse, file, 1, WRITE, 5, 9));
            assertEquals(0, set(fuse, file, 1, READ, 20, END));
            assertEquals(0, fuse.error(Fuse.SETLK, file.node(), lock(fuse, file, 3, WRITE, 0, END, 1), 0));
            Submitted waiting = fuse.submit(Fuse.SETLKW, file.node(), lock(fuse, file, 2, WRITE, 0, 6, 0), 0);

            fuse.driver().migrateTo(there);

            assertEquals(Fuse.EAGAIN, set(fuse, file, 4, READ, 9, 9));
            fuse.driver().waitFor("locks in the host",
                    () -> !hostMayLock(false, 5, 5) && !hostMayLock(true, 100, 1) && !hostMayLockAll(false));
            assertTrue(hostMayLock(true, 0, 5) && hostMayLock(true, 10, 10) && hostMayLock(false, 20, 100));
            assertFalse(waiting.isUsed());
            assertEquals(0, set(fuse, file, 1, UNLOCK, 0, END));
            fuse.reply(fuse.driver().queue(1).await(waiting)).ok();
            assertFalse(hostMayLock(false, 6, 1));
            assertTrue(hostMayLock(true, 7, 100));
            fuse.release(file);
            assertTrue(hostMayLock(true, 0, 0));
        }
        assertEquals(List.of(), told);
    }

    private static byte[] save(FsDevice device) {
        StateWriter out = new StateWriter();
        device.save(out);
        return out.toByteArray();
    }

    @Test
    void what_the_host_has_not_given_yet_is_saved_too_and_ends_with_the_session() throws IOException {
        try (FsDevice source = FsDevice.of("test", before).build(); FsDevice there = restored();
                FuseDriver fuse = FuseDriver.mount(source)) {
            Open file = fuse.open(fuse.find("f"), Fuse.O_RDWR);
            assertEquals(0, set(fuse, file, 1, WRITE, 0, 9));
            byte[] saved = save(source);

            there.restore(new StateReader(saved));

            assertEquals(saved.length, save(there).length, "all but generations is the same");
            there.reset();
            assertEquals(1, after.openDescriptors());
            fuse.driver().reset();
        }
        assertEquals(List.of(), told);
    }

    @Test
    void a_lock_that_a_process_of_the_host_took_meanwhile_is_told_and_had_when_that_gives_it_up() throws IOException {
        HostLocks impatient = new HostLocks(after, node -> new LockFile(LockFile.openInHost(node)), Duration.ZERO);
        try (FsDevice source = FsDevice.of("test", before).build();
                FsDevice there = FsDevice.of("test", after).locks(impatient).onBackendFault(told::add).build();
                FuseDriver fuse = FuseDriver.mount(source);
                LinuxFile process = LinuxFile.open(directory.resolve("f"), LinuxFile.Option.WRITE)) {
            Open file = fuse.open(fuse.find("f"), Fuse.O_RDWR);
            assertEquals(0, set(fuse, file, 1, READ, 0, 4));
            assertEquals(0, set(fuse, file, 1, WRITE, 5, 9));
            assertEquals(0, set(fuse, file, 1, WRITE, 20, 29));
            assertEquals(0, fuse.error(Fuse.SETLK, file.node(), lock(fuse, file, 1, READ, 0, END, 1), 0));
            byte[] saved = save(source);
            fuse.driver().reset();
            assertTrue(process.locks().tryLock(false, 8, 1));
            assertTrue(process.locks().tryLock(true, 21, 1));
            assertTrue(process.locks().tryLockFile(true));

            there.restore(new StateReader(saved));

            assertFalse(hostMayLock(true, 4, 1));
            assertTrue(hostMayLock(false, 5, 5));
            fuse.driver().waitFor("word of all", () -> told.size() == 3);
            process.locks().unlockFile();
            fuse.driver().waitFor("whole file", () -> !hostMayLockAll(true));
            assertTrue(hostMayLockAll(false));
            process.locks().unlock(21, 1);
            fuse.driver().waitFor("last range", () -> !hostMayLock(false, 20, 1) && !hostMayLock(false, 29, 1));
            assertTrue(hostMayLock(false, 5, 1));
            process.locks().unlock(8, 1);
            fuse.driver().waitFor("first range", () -> !hostMayLock(false, 5, 1) && !hostMayLock(false, 9, 1));
            assertEquals(3, told.size(), "once for each");
            there.reset();
            assertTrue(hostMayLock(true, 0, 0) && hostMayLockAll(true));
        } finally {
            impatient.close();
        }
        assertTrue(told.getFirst().getMessage().startsWith("others have a restored lock: node=0x2 kind="));
    }

    @Test
    void a_restored_lock_excludes_other_guests_from_the_beginning_and_ends_with_its_open_file() throws IOException {
        FsNode root = after.root();
        FsNode node = Tree.find(root, "f");
        FsFile first = node.open(Caller.ROOT, OpenFlags.READ_AND_WRITE);
        FsFile second = node.open(Caller.ROOT, OpenFlags.READ_AND_WRITE);
        FsLocks locks = after.locks();
        FsLock range = new FsLock(Kind.POSIX, Type.WRITE, 5, 9, this, 1, 7);
        FsLock whole = new FsLock(Kind.FLOCK, Type.WRITE, 0, END, this, 1, 7);
        Runnable lost = () -> told.add(new AssertionError("lost"));
        assertTrue(host.locks().tryLock(false, 9, 1));
        assertTrue(host.locks().tryLockFile(false));
        int open = after.openDescriptors();

        locks.restore(node, first, range, lost);
        locks.restore(node, second, whole, lost);

        assertNotNull(locks.conflict(node, first, new FsLock(Kind.POSIX, Type.READ, 5, 5, this, 2, 7)));
        assertNotNull(locks.conflict(node, first, new FsLock(Kind.FLOCK, Type.READ, 0, END, this, 2, 7)));
        assertFalse(locks.set(node, second, new FsLock(Kind.FLOCK, Type.WRITE, 0, END, this, 1, 7)));
        assertEquals(List.of(range), locks.held(node, first));
        assertEquals(List.of(whole), locks.held(node, second), "was not lost by asking");
        locks.closed(node, first);
        locks.closed(node, second);
        assertEquals(open, after.openDescriptors(), "nobody has a file to lock");
        locks.restore(node, first, new FsLock(Kind.POSIX, Type.READ, 5, 9, this, 1, 7), lost);
        locks.restore(node, second, new FsLock(Kind.POSIX, Type.WRITE, 9, 9, this, 2, 7), lost);
        assertEquals(1, told.size(), "a guest has it");
        locks.releaseAll(this);
        second.release();
        first.release();
        node.release();
        root.release();
        before.close();
        after.close();
    }
}
