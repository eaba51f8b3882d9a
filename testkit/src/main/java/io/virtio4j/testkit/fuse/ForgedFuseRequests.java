// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit.fuse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.device.VirtioDevice;
import io.virtio4j.testkit.HostileDriver;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.TestDriver;
import io.virtio4j.testkit.conformance.HostileCase;
import io.virtio4j.testkit.conformance.HostileCases;
import io.virtio4j.testkit.fuse.FuseContract.Wanted;
import io.virtio4j.testkit.fuse.FuseDriver.Open;
import io.virtio4j.testkit.fuse.FuseDriver.Reply;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The part of {@link FuseContract} about requests that are wrong by their form, or come at the wrong time. */
abstract class ForgedFuseRequests {

    static final int PLENTY = 1000;
    static final long WINDOW = 2 << 20;
    private static final Wanted ANY = new Wanted(false, PLENTY, PLENTY, WINDOW);

    private static final int PAGE = 4096;
    private static final int LONG = 5;

    ForgedFuseRequests() {}

    abstract VirtioDevice device(Wanted wanted) throws IOException;

    abstract FuseDriver attach(Wanted wanted) throws IOException;

    abstract int operations();

    /** A device, and a driver that has begun a session. */
    final FuseDriver mount() throws IOException {
        return mount(ANY);
    }

    final FuseDriver mount(Wanted wanted) throws IOException {
        FuseDriver fuse = attach(wanted);
        fuse.init();
        return fuse;
    }

    /** Creates a file in the root. */
    static void file(FuseDriver fuse, String name, String content) {
        Open file = fuse.create(Fuse.ROOT, name, Fuse.O_RDWR, 0644);
        assertEquals(content.length(), fuse.write(file, 0, content));
        fuse.release(file);
    }

    private static Open opened(FuseDriver fuse, String name, String content) {
        file(fuse, name, content);
        return fuse.open(fuse.find(name), Fuse.O_RDWR);
    }

    // ── FS-7: numbers of nothing ───────────────────────────────────────────

    @Test
    @HostileCase("FS-7")
    void forged_and_stale_numbers_lead_nowhere() throws IOException {
        try (FuseDriver fuse = mount()) {
            Open a = opened(fuse, "a", "A");
            Open b = opened(fuse, "b", "B");
            long directory = fuse.opendir(Fuse.ROOT);
            int cases = 0;
            for (long fh : new long[] {0, -1, a.fh() + 1000, a.fh() ^ 1L << 40, a.fh() | 1L << 63, directory, b.fh(),
                Long.MIN_VALUE, 0x7FFF_FFFFL}) {
                Open forged = new Open(a.node(), fh, 0);
                assertEquals(Fuse.EBADF, fuse.tryRead(forged, 0, 1, 1).error(), "fh=" + fh);
                assertEquals(Fuse.EBADF, fuse.tryWrite(forged, 0, new byte[1], 0).error(), "fh=" + fh);
                assertEquals(Fuse.EBADF, fuse.error(Fuse.FSYNC, a.node(), fuse.body().u64(fh).u64(0), 0));
                assertEquals(Fuse.EBADF, fuse.error(Fuse.RELEASE, a.node(),
                        fuse.body().u64(fh).u64(0).u64(0), 0));
                assertEquals(Fuse.EBADF, fuse.error(Fuse.READDIR, a.node(),
                        fuse.body().u64(fh).u64(0).u32(100).u32(0).u64(0).u64(0), 100));
                cases += 5;
            }
            assertEquals(Fuse.EBADF, fuse.error(Fuse.READDIR, a.node(),
                    fuse.body().u64(a.fh()).u64(0).u32(100).u32(0).u64(0).u64(0), 100), "a file is no directory");
            assertEquals(Fuse.EBADF, fuse.error(Fuse.RELEASEDIR, a.node(),
                    fuse.body().u64(a.fh()).u64(0).u64(0), 0));
            fuse.release(a);
            assertEquals(Fuse.EBADF, fuse.error(Fuse.RELEASE, a.node(),
                    fuse.body().u64(a.fh()).u64(0).u64(0), 0), "twice");
            for (int i = 0; i < 100; i++) {
                Open again = fuse.open(a.node(), 0);
                assertNotEquals(a.fh(), again.fh());
                assertEquals(Fuse.EBADF, fuse.tryRead(a, 0, 1, 1).error());
                fuse.release(again);
            }
            for (long node : new long[] {0, -1, a.node() + 7, a.node() ^ 1L << 40, Long.MIN_VALUE | 1}) {
                assertEquals(Fuse.ESTALE, fuse.error(Fuse.GETATTR, node, fuse.body().u64(0).u64(0), 104));
                assertEquals(Fuse.ESTALE, fuse.error(Fuse.LOOKUP, node, fuse.body().name("a"), 128));
                cases += 2;
            }
            HostileCases.count("FS-7", cases + 103L);
        }
    }

    // ── FS-8: lengths ──────────────────────────────────────────────────────

    @Test
    @HostileCase("FS-8")
    void requests_of_every_length_and_with_lies_about_it_are_refused_or_served() throws IOException {
        try (FuseDriver fuse = mount()) {
            Open a = opened(fuse, "a", "A");
            int cases = 0;
            for (int opcode = 1; opcode < 60; opcode++) {
                if (opcode == Fuse.INIT || opcode == Fuse.DESTROY || opcode == Fuse.FORGET
                        || opcode == Fuse.BATCH_FORGET || opcode == Fuse.INTERRUPT) {
                    continue;
                }
                for (int length = 0; length <= 96; length += 4) {
                    byte[] message = fuse.message(opcode, a.node(),
                            fuse.body().u64(a.fh()).raw(new byte[96]).toBytes());
                    byte[] cut = Arrays.copyOf(message, Fuse.IN_HEADER + length);
                    cut[0] = (byte) cut.length;
                    cut[1] = 0;
                    fuse.ask(cut, 300);
                    cases++;
                }
                for (int lie : new int[] {0, 1, 39, 40, 41, 1 << 20, -1}) {
                    byte[] message = fuse.message(opcode, a.node(),
                            fuse.body().u64(a.fh()).raw(new byte[88]).toBytes());
                    ByteBuffer.wrap(message).order(ByteOrder.LITTLE_ENDIAN).putInt(0, lie);
                    Reply reply = fuse.ask(message, 300);
                    assertTrue(reply.error() == Fuse.EINVAL || reply.error() == Fuse.ENOSYS, "opcode=" + opcode);
                    cases++;
                }
            }
            HostileCases.count("FS-8", cases);
            // One of them was served, and took all permissions away, which count if the device is not root's.
            fuse.ask(Fuse.SETATTR, a.node(), fuse.change(1, 0, 0, 0644, 0, 0), Fuse.ATTR_OUT);
            assertEquals("A", fuse.content("a"));
        }
    }

    @Test
    @HostileCase("FS-8")
    void sizes_that_say_more_than_there_is_are_refused() throws IOException {
        try (FuseDriver fuse = mount()) {
            Open a = opened(fuse, "a", "A");
            long node = a.node();
            for (long size : new long[] {4, 5, 1 << 20, 0x7FFF_FFFFL, 0xFFFF_FFFFL}) {
                assertEquals(Fuse.EINVAL, fuse.error(Fuse.WRITE, node,
                        fuse.body().u64(a.fh()).u64(0).u32(size).u32(0).u64(0).u64(0).raw(new byte[3]), 8));
                int error = fuse.error(Fuse.SETXATTR, node,
                        fuse.body().u32(size).u32(0).u64(0).name("user.a").raw(new byte[3]), 0);
                assertTrue(error == Fuse.EINVAL || error == Fuse.E2BIG || error == Fuse.EOPNOTSUPP
                        || error == Fuse.ENOSYS, "errno=" + error);
                assertEquals(Fuse.EINVAL, fuse.ask(fuse.message(Fuse.MKDIR, Fuse.ROOT,
                        fuse.body().u64(0755).name("d").toBytes(), (int) Math.min(size, 0xFFFF)), 128).error());
            }
            // Extensions: a size of its own, and groups.
            for (int[] extension : new int[][] {{0, 32}, {7, 32}, {1000, 32}, {8, 32}, {16, 32}}) {
                byte[] message = fuse.message(Fuse.MKDIR, Fuse.ROOT, fuse.body().u64(0755).name("dir-x2")
                        .u32(extension[0]).u32(extension[1]).u32(1000).u32(5).toBytes(), 2);
                assertEquals(Fuse.EINVAL, fuse.ask(message, 128).error(), "size=" + extension[0]);
            }
            byte[] good = fuse.message(Fuse.MKDIR, Fuse.ROOT, fuse.body().u64(0755).name("dir-x2")
                    .u32(16).u32(32).u32(1).u32(5).toBytes(), 2);
            fuse.ask(good, 128).ok();
            assertEquals("A", fuse.content("a"));
            HostileCases.count("FS-8", 20);
        }
    }

    @Test
    @HostileCase("FS-8")
    void without_room_for_the_reply_nothing_is_done() throws IOException {
        try (FuseDriver fuse = mount()) {
            for (int room = -16; room < 128; room += 8) {
                byte[] message = fuse.message(Fuse.MKDIR, Fuse.ROOT, fuse.body().u64(0755).name("d").toBytes());
                Submitted done = fuse.driver().queue(Fuse.REQUESTS).exchange(message, Fuse.OUT_HEADER + room);
                assertEquals(room < 0 ? 0 : Fuse.OUT_HEADER, done.usedLength());
                assertEquals(Fuse.ENOENT, fuse.error(Fuse.LOOKUP, Fuse.ROOT, fuse.body().name("d"), 128));
            }
            HostileCases.count("FS-8", 18);
        }
    }

    // ── FS-9: sizes of replies ─────────────────────────────────────────────

    @Test
    @HostileCase("FS-9")
    void replies_are_no_longer_than_their_room_whatever_is_asked_for() throws IOException {
        try (FuseDriver fuse = mount()) {
            Open a = opened(fuse, "a", "0123456789");
            fuse.ask(Fuse.SETXATTR, a.node(), fuse.body().u32(3).u32(0).u64(0).name("user.a").raw(new byte[3]), 0);
            long d = fuse.mkdir(Fuse.ROOT, "d", 0755).node();
            fuse.release(fuse.create(d, "x", Fuse.O_RDWR, 0600));
            long fh = fuse.opendir(d);
            int cases = 0;
            for (long size : new long[] {0, 1, 9, 10, 11, 1 << 24, 0x7FFF_FFFFL, 0xFFFF_FFFFL}) {
                for (int room : new int[] {0, 1, 5, 10, 300}) {
                    assertEquals(Math.min(Math.min(size, room), 10),
                            fuse.tryRead(a, 0, size, room).ok().bytes().length);
                    Reply value = fuse.ask(Fuse.GETXATTR, a.node(), fuse.body().u32(size).u32(0).name("user.a"), room);
                    assertTrue(value.body().remaining() <= Math.max(room, 8));
                    fuse.ask(Fuse.LISTXATTR, a.node(), fuse.body().u32(size).u32(0), room);
                    fuse.ask(Fuse.READDIR, d, fuse.body().u64(fh).u64(0).u32(size).u32(0).u64(0).u64(0), room);
                    fuse.ask(Fuse.READDIRPLUS, d, fuse.body().u64(fh).u64(0).u32(size).u32(0).u64(0).u64(0), room);
                    cases += 5;
                }
            }
            HostileCases.count("FS-9", cases);
        }
    }

    // ── FS-10: before, twice, and to the wrong queue ───────────────────────

    @Test
    @HostileCase("FS-10")
    void versions_that_cannot_be_are_refused_and_later_ones_asked_again() throws IOException {
        try (FuseDriver fuse = attach(ANY)) {
            int cases = 0;
            for (int[] version : new int[][] {{0, 0}, {6, 45}, {7, 0}, {7, 26}, {-1, -1}, {8, 0}}) {
                Reply reply = fuse.init(version[0], version[1], 0);
                if (Integer.toUnsignedLong(version[0]) > 7) {
                    assertEquals(8, reply.ok().body().remaining());
                    assertEquals(7, reply.body().getInt(0));
                } else {
                    assertEquals(Fuse.EPROTO, reply.error());
                }
                assertEquals(Fuse.EIO, fuse.error(Fuse.STATFS, Fuse.ROOT, fuse.body(), 80), "no session yet");
                cases++;
            }
            HostileCases.count("FS-10", cases);
            fuse.init();
            fuse.ask(Fuse.STATFS, Fuse.ROOT, fuse.body(), 80).ok();
        }
    }

    @Test
    @HostileCase("FS-10")
    void nothing_but_init_is_served_before_init_and_init_not_with_high_priority() throws IOException {
        try (FuseDriver fuse = attach(ANY)) {
            int cases = 0;
            for (int opcode = 0; opcode < 70; opcode++) {
                if (opcode != Fuse.INIT) {
                    assertEquals(Fuse.EIO, fuse.error(opcode, Fuse.ROOT, fuse.body().raw(new byte[88]), 300));
                    cases++;
                }
            }
            fuse.queue(Fuse.HIPRIO);
            for (int opcode = 0; opcode < 70; opcode++) {
                assertEquals(Fuse.EIO, fuse.error(opcode, Fuse.ROOT, fuse.body().raw(new byte[88]), 300));
                cases++;
            }
            HostileCases.count("FS-10", cases);
            fuse.queue(Fuse.REQUESTS);
            assertEquals(Fuse.EIO, fuse.error(Fuse.STATFS, Fuse.ROOT, fuse.body(), 80), "no session yet");
        }
    }

    @Test
    @HostileCase("FS-10")
    void normal_requests_are_refused_with_high_priority() throws IOException {
        try (FuseDriver fuse = mount()) {
            fuse.queue(Fuse.HIPRIO);
            int cases = 0;
            for (int opcode = 0; opcode < 70; opcode++) {
                if (opcode == Fuse.FORGET || opcode == Fuse.BATCH_FORGET || opcode == Fuse.INTERRUPT) {
                    continue;
                }
                assertEquals(Fuse.EIO, fuse.error(opcode, Fuse.ROOT, fuse.body().raw(new byte[200]), 300),
                        "opcode=" + opcode);
                cases++;
            }
            HostileCases.count("FS-10", cases);
            fuse.queue(Fuse.REQUESTS);
            fuse.getattr(Fuse.ROOT);
        }
    }

    @Test
    @HostileCase({"FS-10", "FS-7"})
    void the_next_init_ends_a_session_with_all_that_it_had() throws IOException {
        try (FuseDriver fuse = mount()) {
            Open before = fuse.create(Fuse.ROOT, "a", Fuse.O_RDWR, 0600);
            fuse.write(before, 0, "x");
            fuse.init();
            assertEquals(Fuse.EBADF, fuse.tryRead(before, 0, 1, 1).error(), "a handle of the last session");
            assertEquals(Fuse.ESTALE, fuse.tryOpen(before.node(), 0).error(), "a node of the last session");
            Open after = fuse.open(fuse.find("a"), 0);
            assertNotEquals(before.node(), after.node());
            assertNotEquals(before.fh(), after.fh());
            assertEquals(1, fuse.read(after, 0, 10).length);
        }
    }

    // ── FS-13: mappings ────────────────────────────────────────────────────

    private static int map(FuseDriver fuse, long node, long fh, long fileOffset, long length, int flags, long at) {
        return fuse.error(Fuse.SETUPMAPPING, node,
                fuse.body().u64(fh).u64(fileOffset).u64(length).u64(flags).u64(at), 0);
    }

    @Test
    @HostileCase("FS-13")
    void mappings_outside_of_the_window_or_the_file_are_rejected() throws IOException {
        try (FuseDriver fuse = mount()) {
            Open written = opened(fuse, "f", "a".repeat(PAGE) + "b".repeat(PAGE));
            long node = written.node();
            Open readOnly = fuse.open(node, 0);
            int read = 2;
            int write = 3;
            int cases = 0;
            for (long[] range : new long[][] {{WINDOW, PAGE}, {WINDOW - PAGE, 2 * PAGE}, {0, WINDOW + PAGE},
                {-PAGE, PAGE}, {-PAGE, 2 * PAGE}, {0, 0}, {0, -1}, {1, PAGE}, {0, 100}, {Long.MAX_VALUE & -PAGE, PAGE},
                {PAGE, Long.MAX_VALUE & -PAGE}, {Long.MIN_VALUE, PAGE}}) {
                assertEquals(Fuse.EINVAL, map(fuse, node, -1, 0, range[1], read, range[0]), "at=" + range[0]);
                assertEquals(Fuse.EINVAL, fuse.error(Fuse.REMOVEMAPPING, Fuse.ROOT,
                        fuse.body().u32(1).u64(range[0]).u64(range[1]), 0));
                cases += 2;
            }
            for (long offset : new long[] {3 * PAGE, -PAGE, Long.MIN_VALUE, Long.MAX_VALUE & -PAGE, 1, PAGE + 512}) {
                assertEquals(Fuse.EINVAL, map(fuse, node, -1, offset, PAGE, read, 0), "offset=" + offset);
                cases++;
            }
            assertEquals(Fuse.EBADF, map(fuse, node, readOnly.fh(), 0, PAGE, write, 0));
            assertEquals(Fuse.EBADF, map(fuse, node, 12_345, 0, PAGE, read, 0));
            assertEquals(Fuse.EBADF, map(fuse, Fuse.ROOT, -1, 0, PAGE, read, 0), "a directory");
            assertEquals(Fuse.EINVAL, fuse.error(Fuse.REMOVEMAPPING, node,
                    fuse.body().u32(1000).u64(0).u64(PAGE), 0));
            assertEquals(0, map(fuse, node, readOnly.fh(), PAGE, PAGE, read, 0));
            MemorySegment window = fuse.driver().instance().sharedMemory().getFirst().segment();
            assertEquals('b', window.get(ValueLayout.JAVA_BYTE, 0));
            HostileCases.count("FS-13", cases + 4L);
        }
    }

    // ── Anything at all ────────────────────────────────────────────────────

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void a_driver_that_does_anything_does_no_harm(long seed) throws IOException {
        doAnything(seed, operations());
    }

    @Tag("slow")
    @ParameterizedTest
    @ValueSource(longs = {4, 5, 6})
    void nor_does_it_for_long(long seed) throws IOException {
        doAnything(seed, operations() * LONG);
    }

    private void doAnything(long seed, int operations) throws IOException {
        try (FuseDriver fuse = mount()) {
            file(fuse, "f", "x");
            fuse.mkdir(Fuse.ROOT, "d", 0755);
            fuse.ask(Fuse.SYMLINK, Fuse.ROOT, fuse.body().name("a").name("../outside"), 128);
            fuse.ask(Fuse.SYMLINK, Fuse.ROOT, fuse.body().name("b").name("../outside/secret"), 128);
        }
        VirtioDevice device = device(ANY);
        try {
            hostile(seed).run(device, operations, ForgedFuseRequests::smoke);
        } finally {
            FuseContract.closeIfItCanBe(device);
        }
    }

    private static HostileDriver hostile(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        HostileDriver hostile = new HostileDriver(seed).template(1, init(), 80).flipping();
        for (int opcode = 1; opcode < 54; opcode++) {
            if (opcode == Fuse.SETLKW) {
                continue; // waits for as long as it likes
            }
            byte[] body = new byte[96];
            random.nextBytes(body);
            ByteBuffer.wrap(body).order(ByteOrder.LITTLE_ENDIAN).putLong(0, 1 + random.nextInt(3))
                    .putLong(8, random.nextInt(10_000)).putLong(16, random.nextInt(10_000));
            hostile.template(random.nextInt(3), message(opcode, 1 + random.nextInt(4), body), 16 + random.nextInt(400));
            hostile.template(1, message(opcode, 1, new byte[] {'a', 0, 'b', 0}), 160);
        }
        return hostile;
    }

    private static void smoke(TestDriver driver) {
        byte[] done = driver.queue(1).exchange(init(), 80).written();
        assertEquals(80, ByteBuffer.wrap(done).order(ByteOrder.LITTLE_ENDIAN).getInt(0));
        done = driver.queue(1).exchange(message(Fuse.GETATTR, 1, new byte[16]), 16 + 104).written();
        assertEquals(0, ByteBuffer.wrap(done).order(ByteOrder.LITTLE_ENDIAN).getInt(4));
    }

    private static byte[] init() {
        return message(Fuse.INIT, 0, ByteBuffer.allocate(64).order(ByteOrder.LITTLE_ENDIAN)
                .putInt(7).putInt(45).putInt(4096).putInt(-1).putInt(-1).array());
    }

    private static byte[] message(int opcode, long node, byte[] body) {
        return ByteBuffer.allocate(40 + body.length).order(ByteOrder.LITTLE_ENDIAN).putInt(40 + body.length)
                .putInt(opcode).putLong(2L * opcode).putLong(node).putInt(0).putInt(0).putInt(0).putInt(0)
                .put(body).array();
    }
}
