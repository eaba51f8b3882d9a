// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.fs.backend.FsLockTable;
import io.virtio4j.fs.tree.TreeBackend;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.fuse.Fuse;
import io.virtio4j.testkit.fuse.FuseDriver.Body;
import io.virtio4j.testkit.fuse.FuseDriver.Open;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Locks of POSIX and of flock: FUSE_GETLK, FUSE_SETLK and FUSE_SETLKW, which holds no queue up. */
class LockTest {

    private static final int READ = 0;
    private static final int WRITE = 1;
    private static final int UNLOCK = 2;
    private static final long END = Long.MAX_VALUE;

    private static Body lock(Mount mount, Open file, long owner, int type, long start, long end, boolean flock) {
        return mount.body().u64(file.fh()).u64(owner).u64(start).u64(end).u32(type).u32(9).u32(flock ? 1 : 0).u32(0);
    }

    private static int set(Mount mount, Open file, long owner, int type, long start, long end) {
        return mount.error(Fuse.SETLK, file.node(), lock(mount, file, owner, type, start, end, false), 0);
    }

    private static Submitted await(Mount mount, Open file, long owner, int type, long start, long end) {
        return mount.submit(Fuse.SETLKW, file.node(), lock(mount, file, owner, type, start, end, false), 0);
    }

    @Test
    void ranges_of_owners_exclude_each_other() {
        try (Mount mount = Mount.tree()) {
            Open file = mount.create(Fuse.ROOT, "a", Fuse.O_RDWR, 0600);
            assertEquals(0, set(mount, file, 1, WRITE, 10, 19));
            assertEquals(Fuse.EAGAIN, set(mount, file, 2, READ, 19, 30));
            assertEquals(0, set(mount, file, 2, READ, 20, 30));
            assertEquals(0, set(mount, file, 3, READ, 25, END));
            assertEquals(Fuse.EAGAIN, set(mount, file, 3, WRITE, 25, END));
            assertEquals(0, set(mount, file, 1, UNLOCK, 12, 13));
            assertEquals(0, set(mount, file, 2, WRITE, 12, 13));
            ByteBuffer found = mount.ask(Fuse.GETLK, file.node(), lock(mount, file, 3, WRITE, 0, 11, false), 24)
                    .ok().body();
            assertEquals(10, found.getLong(0));
            assertEquals(11, found.getLong(8));
            assertEquals(WRITE, found.getInt(16));
            assertEquals(9, found.getInt(20));
            found = mount.ask(Fuse.GETLK, file.node(), lock(mount, file, 3, WRITE, 0, 9, false), 24).ok().body();
            assertEquals(UNLOCK, found.getInt(16));
        }
    }

    @Test
    void closing_a_descriptor_takes_the_locks_of_its_process_away() {
        try (Mount mount = Mount.tree()) {
            Open file = mount.create(Fuse.ROOT, "a", Fuse.O_RDWR, 0600);
            set(mount, file, 1, WRITE, 0, END);
            mount.ask(Fuse.FLUSH, file.node(), mount.body().u64(file.fh()).u64(0).u64(1), 0).ok();
            assertEquals(0, set(mount, file, 2, WRITE, 0, END));
            mount.ask(Fuse.SETLK, file.node(), lock(mount, file, 7, WRITE, 0, END, true), 0).ok();
            assertEquals(Fuse.EAGAIN, mount.error(Fuse.SETLK, file.node(), lock(mount, file, 8, READ, 0, END, true),
                    0));
            Open other = mount.open(file.node(), 2);
            mount.ask(Fuse.RELEASE, file.node(), mount.body().u64(file.fh()).u32(0).u32(2).u64(7), 0).ok();
            mount.ask(Fuse.SETLK, other.node(), lock(mount, other, 8, WRITE, 0, END, true), 0).ok();
        }
    }

    private static void flush(Mount mount, Open file, long owner) {
        mount.ask(Fuse.FLUSH, file.node(), mount.body().u64(file.fh()).u64(0).u64(owner), 0).ok();
    }

    @Test
    void an_open_file_takes_along_what_was_locked_through_it_by_whomever() {
        FsLockTable table = new FsLockTable();
        try (Mount mount = Mount.of(TreeBackend.create(), choices -> choices.locks(table))) {
            Open file = mount.create(Fuse.ROOT, "a", Fuse.O_RDWR, 0600);
            Open other = mount.open(file.node(), 2);
            set(mount, file, 1, WRITE, 0, 9);
            set(mount, file, 2, READ, 20, END);
            mount.ask(Fuse.SETLK, file.node(), lock(mount, file, 3, WRITE, 0, END, true), 0).ok();
            set(mount, other, 4, WRITE, 10, 10);
            Submitted waiting = await(mount, other, 5, WRITE, 20, 20);

            flush(mount, file, 77);
            assertFalse(waiting.isUsed(), "locks of open files stay when a process closes it");
            mount.release(file);

            mount.reply(mount.driver().queue(1).await(waiting)).ok();
            assertEquals(2, table.size());
            assertEquals(0, set(mount, other, 6, WRITE, 0, 9));
            assertEquals(Fuse.EAGAIN, set(mount, other, 6, WRITE, 10, 10));
            mount.release(other);
            assertEquals(0, table.size());
        }
    }

    @Test
    void a_lock_ends_with_the_open_file_that_it_was_set_through_and_with_no_other() {
        FsLockTable table = new FsLockTable();
        try (Mount mount = Mount.of(TreeBackend.create(), choices -> choices.locks(table))) {
            Open first = mount.create(Fuse.ROOT, "a", Fuse.O_RDWR, 0600);
            Open second = mount.open(first.node(), 2);
            Open third = mount.open(first.node(), 2);
            set(mount, first, 1, WRITE, 0, 9);
            flush(mount, first, 1);
            // Linux says that the last descriptor is closed when it likes: the process has locked again meanwhile.
            set(mount, second, 1, WRITE, 0, 9);
            mount.release(first);
            assertEquals(Fuse.EAGAIN, set(mount, third, 2, READ, 9, 9));

            set(mount, third, 1, WRITE, 5, 14);
            mount.release(second);
            assertEquals(0, set(mount, third, 2, WRITE, 0, 4));
            assertEquals(Fuse.EAGAIN, set(mount, third, 2, READ, 5, 5), "what the third has taken over");
            mount.release(third);
            assertEquals(0, table.size());
        }
    }

    @Test
    void who_waits_through_an_open_file_that_is_closed_gets_no_lock() {
        FsLockTable table = new FsLockTable();
        try (Mount mount = Mount.of(TreeBackend.create(), choices -> choices.locks(table))) {
            Open file = mount.create(Fuse.ROOT, "a", Fuse.O_RDWR, 0600);
            Open other = mount.open(file.node(), 2);
            set(mount, other, 1, WRITE, 0, 0);
            Submitted waiting = await(mount, file, 2, WRITE, 0, 0);

            mount.release(file);

            assertEquals(Fuse.EBADF, mount.reply(mount.driver().queue(1).await(waiting)).error());
            assertEquals(0, set(mount, other, 1, UNLOCK, 0, END));
            assertEquals(0, table.size());
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void who_waits_for_a_lock_holds_nobody_up(RingFormat format) {
        try (Mount mount = Mount.of(TreeBackend.create(), choices -> choices, DriverOptions.of(format),
                instance -> {})) {
            Open file = mount.create(Fuse.ROOT, "a", Fuse.O_RDWR, 0600);
            set(mount, file, 1, WRITE, 0, 99);
            Submitted second = await(mount, file, 2, WRITE, 50, 60);
            Submitted third = await(mount, file, 3, READ, 0, 10);
            assertEquals(5, mount.write(file, 0, "hello"), "the same queue goes on");
            assertFalse(second.isUsed() || third.isUsed());
            set(mount, file, 1, UNLOCK, 0, 10);
            mount.reply(mount.driver().queue(1).await(third)).ok();
            assertFalse(second.isUsed());
            set(mount, file, 1, UNLOCK, 0, END);
            mount.reply(mount.driver().queue(1).await(second)).ok();
            assertEquals(Fuse.EAGAIN, set(mount, file, 1, READ, 55, 55));
            assertEquals(2, mount.device.counters().get(FsCounter.LOCK_WAITS));
        }
    }

    @Test
    void a_wait_is_interrupted() {
        try (Mount mount = Mount.tree()) {
            Open file = mount.create(Fuse.ROOT, "a", Fuse.O_RDWR, 0600);
            set(mount, file, 1, WRITE, 0, END);
            Submitted waiting = await(mount, file, 2, WRITE, 0, END);
            long unique = mount.lastUnique();
            mount.tell(Fuse.INTERRUPT, 0, mount.body().u64(unique));
            assertEquals(Fuse.EINTR, mount.reply(mount.driver().queue(1).await(waiting)).error());
            mount.queue(Fuse.HIPRIO);
            assertEquals(Fuse.EAGAIN, mount.error(Fuse.INTERRUPT, 0, mount.body().u64(unique), 0), "it is over");
            mount.queue(Fuse.REQUESTS);
            assertEquals(0, set(mount, file, 1, UNLOCK, 0, END));
            assertEquals(0, set(mount, file, 3, WRITE, 0, END), "nobody waits any more");
        }
    }

    @Test
    void who_would_wait_for_itself_is_told() {
        try (Mount mount = Mount.tree()) {
            Open file = mount.create(Fuse.ROOT, "a", Fuse.O_RDWR, 0600);
            set(mount, file, 1, WRITE, 0, 0);
            set(mount, file, 2, WRITE, 1, 1);
            Submitted first = await(mount, file, 1, WRITE, 1, 1);
            assertEquals(Fuse.EDEADLK,
                    mount.error(Fuse.SETLKW, file.node(), lock(mount, file, 2, WRITE, 0, 0, false), 0));
            set(mount, file, 2, UNLOCK, 0, END);
            mount.reply(mount.driver().queue(1).await(first)).ok();
        }
    }

    @Test
    void two_who_share_a_file_and_want_it_for_themselves_get_it_one_after_the_other() {
        try (Mount mount = Mount.tree()) {
            Open file = mount.create(Fuse.ROOT, "a", Fuse.O_RDWR, 0600);
            mount.ask(Fuse.SETLK, file.node(), lock(mount, file, 1, READ, 0, END, true), 0).ok();
            mount.ask(Fuse.SETLK, file.node(), lock(mount, file, 2, READ, 0, END, true), 0).ok();
            assertEquals(Fuse.EAGAIN,
                    mount.error(Fuse.SETLK, file.node(), lock(mount, file, 1, WRITE, 0, END, true), 0));

            Submitted first = mount.submit(Fuse.SETLKW, file.node(), lock(mount, file, 1, WRITE, 0, END, true), 0);
            assertFalse(first.isUsed(), "the second has it still");
            mount.ask(Fuse.SETLKW, file.node(), lock(mount, file, 2, WRITE, 0, END, true), 0).ok();
            assertFalse(first.isUsed());
            mount.ask(Fuse.SETLK, file.node(), lock(mount, file, 2, UNLOCK, 0, END, true), 0).ok();

            mount.reply(mount.driver().queue(1).await(first)).ok();
        }
    }

    @Test
    void a_reset_forgets_who_waits_and_what_was_locked() {
        FsLockTable table = new FsLockTable();
        try (Mount mount = Mount.of(TreeBackend.create(), choices -> choices.locks(table))) {
            Open file = mount.create(Fuse.ROOT, "a", Fuse.O_RDWR, 0600);
            set(mount, file, 1, WRITE, 0, END);
            await(mount, file, 2, WRITE, 0, END);
            assertEquals(1, table.size());
            mount.driver().reset();
            assertEquals(0, table.size());
        }
    }

    @Test
    void guests_of_one_table_see_each_others_locks() {
        FsLockTable table = new FsLockTable();
        TreeBackend tree = TreeBackend.create();
        try (Mount one = Mount.of(tree, choices -> choices.locks(table));
                Mount other = Mount.of(tree, choices -> choices.locks(table))) {
            Open here = one.create(Fuse.ROOT, "a", Fuse.O_RDWR, 0600);
            Open there = other.open(other.find("a"), 2);
            assertEquals(0, set(one, here, 1, WRITE, 0, END));
            assertEquals(Fuse.EAGAIN, set(other, there, 1, WRITE, 0, END), "the same number is another owner");
            Submitted waiting = await(other, there, 1, WRITE, 0, END);
            one.driver().reset();
            other.reply(other.driver().queue(1).await(waiting)).ok();
            assertTrue(waiting.isUsed());
        }
    }

    @Test
    void ranges_that_touch_become_one() {
        FsLockTable table = new FsLockTable(2);
        try (Mount mount = Mount.of(TreeBackend.create(), choices -> choices.locks(table))) {
            Open file = mount.create(Fuse.ROOT, "a", Fuse.O_RDWR, 0600);
            for (int i = 0; i < 100; i++) {
                assertEquals(0, set(mount, file, 1, WRITE, i * 10, i * 10 + 9));
            }
            assertEquals(1, table.size());
            assertEquals(0, set(mount, file, 1, UNLOCK, 500, 509));
            assertEquals(2, table.size());
            assertEquals(37, set(mount, file, 1, UNLOCK, 100, 109), "ENOLCK: three would be too many");
        }
    }
}
