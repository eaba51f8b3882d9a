// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.core.wire.StateException;
import io.virtio4j.core.wire.StateReader;
import io.virtio4j.core.wire.StateWriter;
import io.virtio4j.fs.backend.FsLockTable;
import io.virtio4j.fs.tree.TreeBackend;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.fuse.Fuse;
import io.virtio4j.testkit.fuse.FuseDriver.Dirent;
import io.virtio4j.testkit.fuse.FuseDriver.Open;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A session goes on elsewhere, in the same tree. */
class SavedStateTest {

    private static byte[] save(FsDevice device) {
        StateWriter out = new StateWriter();
        device.save(out);
        return out.toByteArray();
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void numbers_and_open_files_are_what_they_were(RingFormat format) {
        TreeBackend tree = TreeBackend.create().file("d/e/f", "content").file("d/gone", "x").directory("moved");
        try (Mount mount = Mount.of(tree, choices -> choices, DriverOptions.of(format), instance -> {})) {
            mount.order(ByteOrder.BIG_ENDIAN);
            mount.init();
            long f = mount.find("d/e/f");
            mount.find("d/e/f");
            Open file = mount.open(f, 2);
            Open gone = mount.open(mount.find("d/gone"), 0);
            long d = mount.find("d");
            long fh = mount.ask(Fuse.OPENDIR, d, mount.body().u64(0), 16).ok().body().getLong(0);
            List<Dirent> first = mount.entries(d, fh, 0, 64, false);
            mount.ask(Fuse.RENAME, Fuse.ROOT, mount.body().u64(mount.find("moved")).name("d").name("D"), 0).ok();
            mount.ask(Fuse.UNLINK, d, mount.body().name("gone"), 0).ok();
            long lookups = 3;
            FsDevice there = FsDevice.of("test", tree).build();

            mount.driver().migrateTo(there);

            assertEquals("content", new String(mount.read(file, 0, 100), UTF_8));
            assertEquals(5, mount.write(file, 7, " more"));
            assertEquals(Fuse.EBADF, mount.tryRead(gone, 0, 1, 1).error(), "it had no name any more");
            assertEquals(Fuse.ESTALE, mount.error(Fuse.GETATTR, gone.node(), mount.body().u64(0).u64(0), 104));
            assertEquals(f, mount.find("moved/D/e/f"));
            List<Dirent> rest = mount.entries(d, fh, first.getLast().next(), 4096, false);
            assertEquals("e", rest.getLast().name());
            mount.release(file);
            assertEquals(Fuse.EBADF, mount.tryRead(file, 0, 1, 1).error());
            assertEquals(5, there.nodes());
            mount.forget(f, lookups - 1);
            assertEquals(5, there.nodes(), "each lookup counts");
            mount.forget(f, 1);
            assertEquals(4, there.nodes());
            mount.find("moved/D/e/f");
        }
    }

    @Test
    void locks_and_who_waits_for_them_go_along() {
        TreeBackend tree = TreeBackend.create().file("f", "x");
        FsLockTable table = new FsLockTable();
        try (Mount mount = Mount.of(tree)) {
            Open file = mount.open(mount.find("f"), 2);
            mount.ask(Fuse.SETLK, file.node(), mount.body().u64(file.fh()).u64(1).u64(5).u64(9).u32(1).u32(7).u64(0),
                    0).ok();
            Submitted waiting = mount.submit(Fuse.SETLKW, file.node(),
                    mount.body().u64(file.fh()).u64(2).u64(0).u64(6).u32(1).u32(7).u64(0), 0);
            FsDevice there = FsDevice.of("test", tree).locks(table).build();

            mount.driver().migrateTo(there);

            assertEquals(1, table.size());
            assertEquals(Fuse.EAGAIN, mount.error(Fuse.SETLK, file.node(),
                    mount.body().u64(file.fh()).u64(3).u64(9).u64(9).u32(0).u32(7).u64(0), 0));
            assertFalse(waiting.isUsed());
            mount.ask(Fuse.SETLK, file.node(), mount.body().u64(file.fh()).u64(1).u64(0).u64(9).u32(2).u32(7).u64(0),
                    0).ok();
            mount.reply(mount.driver().queue(1).await(waiting)).ok();
        }
    }

    @Test
    void restored_locks_end_with_the_open_files_that_they_were_set_through() {
        TreeBackend tree = TreeBackend.create().file("f", "x");
        FsLockTable table = new FsLockTable();
        try (Mount mount = Mount.of(tree)) {
            Open one = mount.open(mount.find("f"), 2);
            Open other = mount.open(one.node(), 2);
            for (Open file : List.of(one, other)) {
                long byteOfIts = file == one ? 1 : 2;
                mount.ask(Fuse.SETLK, file.node(), mount.body().u64(file.fh()).u64(1).u64(byteOfIts).u64(byteOfIts)
                        .u32(1).u32(7).u64(0), 0).ok();
            }

            mount.driver().migrateTo(FsDevice.of("test", tree).locks(table).build());

            assertEquals(2, table.size());
            mount.release(other);
            assertEquals(1, table.size());
            assertEquals(0, mount.error(Fuse.SETLK, one.node(),
                    mount.body().u64(one.fh()).u64(3).u64(2).u64(2).u32(1).u32(7).u64(0), 0));
            assertEquals(Fuse.EAGAIN, mount.error(Fuse.SETLK, one.node(),
                    mount.body().u64(one.fh()).u64(3).u64(1).u64(1).u32(0).u32(7).u64(0), 0));
            mount.release(one);
            assertEquals(0, table.size());
        }
    }

    @Test
    void restored_locks_that_others_have_are_told_and_the_rest_goes_on() {
        TreeBackend tree = TreeBackend.create().file("f", "x");
        FsLockTable table = new FsLockTable(2);
        List<Throwable> told = new ArrayList<>();
        try (Mount mount = Mount.of(tree); Mount other = Mount.of(tree, choices -> choices.locks(table))) {
            Open file = mount.open(mount.find("f"), 2);
            for (long at : new long[] {1, 3, 5}) {
                mount.ask(Fuse.SETLK, file.node(), mount.body().u64(file.fh()).u64(1).u64(at).u64(at).u32(1).u32(7)
                        .u64(0), 0).ok();
            }
            Open theirs = other.open(other.find("f"), 2);
            other.ask(Fuse.SETLK, theirs.node(), other.body().u64(theirs.fh()).u64(1).u64(0).u64(2).u32(1).u32(7)
                    .u64(0), 0).ok();
            FsDevice there = FsDevice.of("test", tree).locks(table).onBackendFault(told::add).build();

            mount.driver().migrateTo(there);

            assertEquals(List.of(
                    "others have a restored lock: node=0x2 kind=POSIX type=WRITE start=1 end=1 owner=0x1 process=7",
                    "lock was not restored: node=0x2 kind=POSIX type=WRITE start=5 end=5 owner=0x1 process=7"),
                    told.stream().map(Throwable::getMessage).toList());
            assertEquals(2, there.counters().get(FsCounter.BACKEND_FAULTS));
            assertEquals(2, table.size());
            assertEquals(Fuse.EAGAIN, other.error(Fuse.SETLK, theirs.node(),
                    other.body().u64(theirs.fh()).u64(1).u64(3).u64(3).u32(0).u32(7).u64(0), 0));
            mount.release(file);
        }
    }

    @Test
    void mappings_go_along() {
        TreeBackend tree = TreeBackend.create().file("f", "0123456789");
        try (Mount mount = Mount.of(tree, choices -> choices.daxWindow(2 << 20))) {
            long f = mount.find("f");
            mount.ask(Fuse.SETUPMAPPING, f, mount.body().u64(-1).u64(0).u64(4096).u64(3).u64(8192), 0).ok();
            MemorySegment before = mount.device.sharedMemory().getFirst().segment();
            before.set(ValueLayout.JAVA_BYTE, 8192, (byte) 'X');
            FsDevice there = FsDevice.of("test", tree).daxWindow(2 << 20).build();

            mount.driver().migrateTo(there);

            MemorySegment after = there.sharedMemory().getFirst().segment();
            assertEquals('X', after.get(ValueLayout.JAVA_BYTE, 8192));
            after.set(ValueLayout.JAVA_BYTE, 8193, (byte) 'Y');
            assertEquals("XY23456789", mount.content("f"));
            byte[] saved = save(there);
            assertThrows(StateException.class, () -> FsDevice.of("test", tree).build().restore(new StateReader(saved)));
        }
    }

    @Test
    void numbers_of_before_are_not_given_again() {
        TreeBackend tree = TreeBackend.create().file("a", "A").file("b", "B");
        try (Mount mount = Mount.of(tree)) {
            long a = mount.find("a");
            mount.forget(a, 1);
            mount.driver().migrateTo(FsDevice.of("test", tree).build());
            long b = mount.find("b");
            assertEquals(false, a == b);
            assertEquals(Fuse.ESTALE, mount.error(Fuse.GETATTR, a, mount.body().u64(0).u64(0), 104));
        }
    }

    @Test
    void a_damaged_state_is_refused_or_does_no_harm() {
        TreeBackend tree = TreeBackend.create().file("d/f", "content");
        byte[] saved;
        try (Mount mount = Mount.of(tree)) {
            Open file = mount.open(mount.find("d/f"), 2);
            mount.ask(Fuse.SETLK, file.node(), mount.body().u64(file.fh()).u64(1).u64(5).u64(9).u32(1).u32(7).u64(0),
                    0).ok();
            saved = save(mount.device);
        }
        for (int length = 0; length < saved.length; length++) {
            byte[] cut = Arrays.copyOf(saved, length);
            FsDevice device = FsDevice.of("test", tree).build();
            assertThrows(StateException.class, () -> device.restore(new StateReader(cut)));
            assertEquals(0, device.nodes());
        }
        SplittableRandom random = new SplittableRandom(7);
        for (int i = 0; i < 3000; i++) {
            byte[] forged = saved.clone();
            forged[random.nextInt(forged.length)] = (byte) random.nextInt();
            FsDevice device = FsDevice.of("test", tree).build();
            try {
                device.restore(new StateReader(forged));
            } catch (StateException e) {
                assertEquals(0, device.nodes());
            }
            device.reset();
            assertEquals(0, device.handles());
        }
    }

    @Test
    void no_session_is_a_state_too() {
        TreeBackend tree = TreeBackend.create();
        FsDevice device = FsDevice.of("test", tree).build();
        byte[] saved = save(device);
        device.restore(new StateReader(saved));
        assertArrayEquals(saved, save(device));
        assertEquals(0, device.nodes());
    }
}
