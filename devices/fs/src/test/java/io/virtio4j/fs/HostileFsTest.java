// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.fs.Mount.Body;
import io.virtio4j.fs.Mount.Entry;
import io.virtio4j.fs.Mount.Open;
import io.virtio4j.fs.Mount.Reply;
import io.virtio4j.fs.backend.FsMode;
import io.virtio4j.fs.tree.TreeBackend;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.conformance.HostileCase;
import io.virtio4j.testkit.conformance.HostileCases;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Requests that no honest driver makes. */
class HostileFsTest {

    // ── FS-1: names ────────────────────────────────────────────────────────

    /** What is no name, and what the driver is told. The texts have their zero bytes. */
    private static final List<String> BAD = List.of("\0", ".\0", "..\0", "/\0", "/etc\0", "a/b\0", "../a\0", "a/\0",
            "x".repeat(256) + "\0", "x".repeat(4000) + "\0", "no zero byte", "a\0b\0", "");

    /** Requests with a name, and room for their replies. */
    private record Named(int opcode, int room, Function<Body, Body> fixed, boolean second) {}

    private static final List<Named> NAMED = List.of(
            new Named(Mount.LOOKUP, 128, body -> body, false),
            new Named(Mount.MKNOD, 128, body -> body.u32(0100644).u32(0).u32(0).u32(0), false),
            new Named(Mount.MKDIR, 128, body -> body.u32(0755).u32(0), false),
            new Named(Mount.UNLINK, 0, body -> body, false),
            new Named(Mount.RMDIR, 0, body -> body, false),
            new Named(Mount.LINK, 128, body -> body.u64(2), false),
            new Named(Mount.CREATE, 144, body -> body.u32(2).u32(0100644).u32(0).u32(0), false),
            new Named(Mount.SYMLINK, 128, body -> body, true),
            new Named(Mount.RENAME, 0, body -> body.u64(1), true),
            new Named(Mount.RENAME, 0, body -> body.u64(1).name("f"), false),
            new Named(Mount.RENAME2, 0, body -> body.u64(1).u64(0), true),
            new Named(Mount.RENAME2, 0, body -> body.u64(1).u64(0).name("f"), false));

    @Test
    @HostileCase("FS-1")
    void every_name_that_is_none_is_refused_by_every_request() {
        RecordingBackend backend = new RecordingBackend(TreeBackend.create().file("f", "content"));
        try (Mount mount = Mount.of(backend)) {
            assertEquals(2, Integer.toUnsignedLong((int) mount.find("f")) & 0xFF);
            int before = backend.calls();
            int cases = 0;
            for (Named request : NAMED) {
                for (String bad : BAD) {
                    Body body = request.fixed.apply(mount.body()).raw(bad.getBytes(UTF_8));
                    if (request.second) {
                        body.name("good");
                    }
                    int error = mount.error(request.opcode, Mount.ROOT, body, request.room);
                    assertTrue(error == Mount.EINVAL || error == Mount.ENAMETOOLONG && bad.length() > 200,
                            "opcode=" + request.opcode + " name=" + bad + " errno=" + error);
                    cases++;
                }
            }
            assertEquals(before, backend.calls(), "no backend was asked for it");
            HostileCases.count("FS-1", cases);
            assertEquals("content", mount.content("f"));
        }
    }

    @Test
    @HostileCase("FS-1")
    void the_text_of_a_link_is_anything_but_empty_and_endless() {
        try (Mount mount = Mount.tree()) {
            for (String text : List.of("/", "/etc/passwd", "..", ".", "a/b", "x".repeat(4095))) {
                Entry link = mount.entry(mount.ask(Mount.SYMLINK, Mount.ROOT,
                        mount.body().name("l" + text.length() + text.hashCode()).name(text), 128));
                assertEquals(text, new String(mount.ask(Mount.READLINK, link.node(), mount.body(), 5000)
                        .ok().bytes(), UTF_8));
            }
            assertEquals(Mount.ENOENT, mount.error(Mount.SYMLINK, Mount.ROOT, mount.body().name("l").name(""), 128));
            assertEquals(Mount.ENAMETOOLONG, mount.error(Mount.SYMLINK, Mount.ROOT,
                    mount.body().name("l").name("x".repeat(4096)), 128));
            HostileCases.count("FS-1", 8);
        }
    }

    // ── FS-2, FS-4: what is no file ────────────────────────────────────────

    @Test
    @HostileCase({"FS-2", "FS-4"})
    void only_regular_files_are_opened_and_links_never_followed() {
        TreeBackend tree = TreeBackend.create().file("secret", "secret").symbolicLink("link", "secret");
        RecordingBackend backend = new RecordingBackend(tree);
        try (Mount mount = Mount.of(backend, choices -> choices.deviceNodes())) {
            int cases = 0;
            for (int type : new int[] {FsMode.FIFO, FsMode.SOCKET, FsMode.CHARACTER_DEVICE, FsMode.BLOCK_DEVICE}) {
                Entry made = mount.entry(mount.ask(Mount.MKNOD, Mount.ROOT, mount.body().u32(type | 0600)
                        .u32(0x0803).u32(0).u32(0).name("special" + type), 128));
                assertEquals(type, made.mode() & FsMode.TYPE);
                assertEquals(Mount.EPERM, mount.tryOpen(made.node(), 2).error());
                cases++;
            }
            long link = mount.find("link");
            assertEquals(Mount.EPERM, mount.tryOpen(link, 0).error());
            assertEquals(Mount.ENOTDIR, mount.error(Mount.LOOKUP, link, mount.body().name("x"), 128));
            assertEquals(Mount.ENOTDIR, mount.error(Mount.OPENDIR, link, mount.body().u64(0), 16));
            mount.ask(Mount.SETATTR, link, mount.change(1, 0, 0, 0400, 0, 0), 104);
            assertEquals(0100644, mount.lookup(Mount.ROOT, "secret").mode(), "of the link, not of what it names");
            assertEquals(Mount.EISDIR, mount.tryOpen(Mount.ROOT, 0).error());
            assertEquals(0, backend.opened());
            HostileCases.count("FS-2", 4);
            HostileCases.count("FS-4", cases + 1);
        }
    }

    // ── FS-5: too many ─────────────────────────────────────────────────────

    @Test
    @HostileCase("FS-5")
    void nodes_and_handles_are_limited_and_come_back() {
        TreeBackend tree = TreeBackend.create();
        for (int i = 0; i < 20; i++) {
            tree.file("f" + i, "");
        }
        RecordingBackend backend = new RecordingBackend(tree);
        try (Mount mount = Mount.of(backend, choices -> choices.maxNodes(11).maxHandles(5))) {
            long[] nodes = new long[20];
            for (int i = 0; i < 20; i++) {
                Reply reply = mount.ask(Mount.LOOKUP, Mount.ROOT, mount.body().name("f" + i), 128);
                assertEquals(i < 10 ? 0 : Mount.ENFILE, reply.error());
                nodes[i] = i < 10 ? reply.body().getLong(0) : 0;
            }
            Open[] files = new Open[5];
            for (int i = 0; i < 5; i++) {
                files[i] = mount.open(nodes[i], 0);
            }
            assertEquals(Mount.ENFILE, mount.tryOpen(nodes[6], 0).error());
            assertEquals(Mount.ENFILE, mount.error(Mount.OPENDIR, Mount.ROOT, mount.body().u64(0), 16));
            assertEquals(Mount.ENFILE, mount.error(Mount.CREATE, Mount.ROOT,
                    mount.body().u32(2).u32(0100600).u64(0).name("new"), 144));
            mount.release(files[0]);
            mount.release(mount.open(nodes[6], 0));
            List<Mount.Dirent> all = mount.list(Mount.ROOT, 8192, true);
            assertEquals(22, all.size(), "all are listed");
            assertEquals(10, all.stream().filter(entry -> entry.node() != 0).count(), "those that are known");
            mount.forget(nodes[9], 1000);
            mount.lookup(Mount.ROOT, "f15");
            assertEquals(11, mount.device.nodes());
            HostileCases.count("FS-5", 15);
        }
        assertEquals(0, backend.held(), "everything was given back");
    }

    // ── FS-7: numbers of nothing ───────────────────────────────────────────

    @Test
    @HostileCase("FS-7")
    void forged_and_stale_numbers_lead_nowhere() {
        try (Mount mount = Mount.of(TreeBackend.create().file("a", "A").file("b", "B"))) {
            Open a = mount.open(mount.find("a"), 2);
            Open b = mount.open(mount.find("b"), 2);
            long directory = mount.ask(Mount.OPENDIR, Mount.ROOT, mount.body().u64(0), 16).ok().body().getLong(0);
            int cases = 0;
            for (long fh : new long[] {0, -1, a.fh() + 1000, a.fh() ^ 1L << 32, a.fh() | 1L << 63, directory, b.fh(),
                Long.MIN_VALUE, 0x7FFF_FFFFL}) {
                Open forged = new Open(a.node(), fh, 0);
                assertEquals(Mount.EBADF, mount.tryRead(forged, 0, 1, 1).error(), "fh=" + fh);
                assertEquals(Mount.EBADF, mount.tryWrite(forged, 0, new byte[1], 0).error(), "fh=" + fh);
                assertEquals(Mount.EBADF, mount.error(Mount.FSYNC, a.node(), mount.body().u64(fh).u64(0), 0));
                assertEquals(Mount.EBADF, mount.error(Mount.RELEASE, a.node(),
                        mount.body().u64(fh).u64(0).u64(0), 0));
                assertEquals(Mount.EBADF, mount.error(Mount.READDIR, a.node(),
                        mount.body().u64(fh).u64(0).u32(100).u32(0).u64(0).u64(0), 100));
                cases += 5;
            }
            assertEquals(Mount.EBADF, mount.error(Mount.READDIR, a.node(),
                    mount.body().u64(a.fh()).u64(0).u32(100).u32(0).u64(0).u64(0), 100), "a file is no directory");
            assertEquals(Mount.EBADF, mount.error(Mount.RELEASEDIR, a.node(),
                    mount.body().u64(a.fh()).u64(0).u64(0), 0));
            mount.release(a);
            assertEquals(Mount.EBADF, mount.error(Mount.RELEASE, a.node(),
                    mount.body().u64(a.fh()).u64(0).u64(0), 0), "twice");
            for (int i = 0; i < 100; i++) {
                Open again = mount.open(a.node(), 0);
                assertNotEquals(a.fh(), again.fh());
                assertEquals(Mount.EBADF, mount.tryRead(a, 0, 1, 1).error());
                mount.release(again);
            }
            for (long node : new long[] {0, -1, a.node() + 7, a.node() ^ 1L << 32, Long.MIN_VALUE | 1}) {
                assertEquals(Mount.ESTALE, mount.error(Mount.GETATTR, node, mount.body().u64(0).u64(0), 104));
                assertEquals(Mount.ESTALE, mount.error(Mount.LOOKUP, node, mount.body().name("a"), 128));
                cases += 2;
            }
            HostileCases.count("FS-7", cases + 103);
        }
    }

    // ── FS-8: lengths ──────────────────────────────────────────────────────

    @Test
    @HostileCase("FS-8")
    void requests_of_every_length_and_with_lies_about_it_are_refused_or_served() {
        try (Mount mount = Mount.of(TreeBackend.create().file("a", "A"))) {
            Open a = mount.open(mount.find("a"), 2);
            int cases = 0;
            for (int opcode = 1; opcode < 60; opcode++) {
                if (opcode == Mount.INIT || opcode == Mount.DESTROY || opcode == Mount.FORGET
                        || opcode == Mount.BATCH_FORGET || opcode == Mount.INTERRUPT) {
                    continue;
                }
                for (int length = 0; length <= 96; length += 4) {
                    byte[] message = mount.message(opcode, a.node(),
                            mount.body().u64(a.fh()).raw(new byte[96]).toBytes());
                    byte[] cut = Arrays.copyOf(message, Mount.IN_HEADER + length);
                    cut[0] = (byte) cut.length;
                    cut[1] = 0;
                    mount.ask(cut, 300);
                    cases++;
                }
                for (int lie : new int[] {0, 1, 39, 40, 41, 1 << 20, -1}) {
                    byte[] message = mount.message(opcode, a.node(),
                            mount.body().u64(a.fh()).raw(new byte[88]).toBytes());
                    ByteBuffer.wrap(message).order(mount.order).putInt(0, lie);
                    Reply reply = mount.ask(message, 300);
                    assertTrue(reply.error() == Mount.EINVAL || reply.error() == Mount.ENOSYS, "opcode=" + opcode);
                    cases++;
                }
            }
            HostileCases.count("FS-8", cases);
            assertEquals("A", mount.content("a"));
        }
    }

    @Test
    @HostileCase("FS-8")
    void sizes_that_say_more_than_there_is_are_refused() {
        try (Mount mount = Mount.of(TreeBackend.create().file("a", "A"))) {
            Open a = mount.open(mount.find("a"), 2);
            long node = a.node();
            for (long size : new long[] {4, 5, 1 << 20, 0x7FFF_FFFFL, 0xFFFF_FFFFL}) {
                assertEquals(Mount.EINVAL, mount.error(Mount.WRITE, node,
                        mount.body().u64(a.fh()).u64(0).u32(size).u32(0)
                        .u64(0).u64(0).raw(new byte[3]), 8));
                int error = mount.error(Mount.SETXATTR, node,
                        mount.body().u32(size).u32(0).u64(0).name("user.a").raw(new byte[3]), 0);
                assertTrue(error == Mount.EINVAL || error == 7, "errno=" + error);
                assertEquals(Mount.EINVAL, mount.ask(mount.message(Mount.MKDIR, Mount.ROOT,
                        mount.body().u64(0755).name("d").toBytes(), (int) Math.min(size, 0xFFFF)), 128).error());
            }
            // Extensions: a size of its own, and groups.
            for (int[] extension : new int[][] {{0, 32}, {7, 32}, {1000, 32}, {8, 32}, {16, 32}}) {
                byte[] message = mount.message(Mount.MKDIR, Mount.ROOT, mount.body().u64(0755).name("dir-x2")
                        .u32(extension[0]).u32(extension[1]).u32(1000).u32(5).toBytes(), 2);
                assertEquals(Mount.EINVAL, mount.ask(message, 128).error(), "size=" + extension[0]);
            }
            byte[] good = mount.message(Mount.MKDIR, Mount.ROOT, mount.body().u64(0755).name("dir-x2")
                    .u32(16).u32(32).u32(1).u32(5).toBytes(), 2);
            mount.ask(good, 128).ok();
            HostileCases.count("FS-8", 20);
        }
    }

    @Test
    @HostileCase("FS-8")
    void without_room_for_the_reply_nothing_is_done() {
        TreeBackend tree = TreeBackend.create();
        try (Mount mount = Mount.of(tree)) {
            for (int room = -16; room < 128; room += 8) {
                byte[] message = mount.message(Mount.MKDIR, Mount.ROOT, mount.body().u64(0755).name("d").toBytes());
                Submitted done = mount.driver.queue(1).exchange(message, Mount.OUT_HEADER + room);
                assertEquals(room < 0 ? 0 : Mount.OUT_HEADER, done.usedLength());
                assertTrue(!tree.exists("d"));
            }
            HostileCases.count("FS-8", 18);
        }
    }

    // ── FS-9: sizes of replies ─────────────────────────────────────────────

    @Test
    @HostileCase("FS-9")
    void replies_are_no_longer_than_their_room_whatever_is_asked_for() {
        try (Mount mount = Mount.of(TreeBackend.create().file("a", "0123456789").file("d/x", ""))) {
            Open a = mount.open(mount.find("a"), 2);
            mount.ask(Mount.SETXATTR, a.node(), mount.body().u32(3).u32(0).u64(0).name("user.a").raw(new byte[3]), 0)
                    .ok();
            long d = mount.find("d");
            long fh = mount.ask(Mount.OPENDIR, d, mount.body().u64(0), 16).ok().body().getLong(0);
            int cases = 0;
            for (long size : new long[] {0, 1, 9, 10, 11, 1 << 24, 0x7FFF_FFFFL, 0xFFFF_FFFFL}) {
                for (int room : new int[] {0, 1, 5, 10, 300}) {
                    assertEquals(Math.min(Math.min(size, room), 10),
                            mount.tryRead(a, 0, size, room).ok().bytes().length);
                    Reply value = mount.ask(Mount.GETXATTR, a.node(), mount.body().u32(size).u32(0).name("user.a"),
                            room);
                    assertTrue(value.body().remaining() <= Math.max(room, 8));
                    mount.ask(Mount.LISTXATTR, a.node(), mount.body().u32(size).u32(0), room);
                    mount.ask(Mount.READDIR, d, mount.body().u64(fh).u64(0).u32(size).u32(0).u64(0).u64(0), room);
                    mount.ask(Mount.READDIRPLUS, d, mount.body().u64(fh).u64(0).u32(size).u32(0).u64(0).u64(0), room);
                    cases += 5;
                }
            }
            HostileCases.count("FS-9", cases);
        }
    }

    // ── FS-11, FS-12: privileges ───────────────────────────────────────────

    @Test
    @HostileCase("FS-11")
    void privileges_are_lost_with_a_write_a_cut_and_another_owner() {
        TreeBackend tree = TreeBackend.create();
        try (Mount mount = Mount.of(tree)) {
            int cases = 0;
            for (int kind = 0; kind < 5; kind++) {
                String name = "f" + kind;
                tree.file(name, "x").mode(name, 06755).owner(name, 1000, 1000);
                Open file = mount.open(mount.find(name), 2);
                mount.ask(Mount.SETXATTR, file.node(),
                        mount.body().u32(1).u32(0).u64(0).name("security.capability").raw(new byte[1]), 0).ok();
                switch (kind) {
                    case 0 -> mount.tryWrite(file, 0, new byte[1], 1 << 2).ok();
                    case 1 -> mount.ask(Mount.SETATTR, file.node(), mount.change(1 << 3 | 1 << 11, 0, 0, 0, 0, 0),
                            104).ok();
                    case 2 -> mount.ask(Mount.SETATTR, file.node(), mount.change(2, 0, 0, 0, 5, 0), 104).ok();
                    case 3 -> mount.ask(Mount.OPEN, file.node(), mount.body().u32(2 | Mount.O_TRUNC).u32(1), 16).ok();
                    default -> mount.ask(Mount.FALLOCATE, file.node(),
                            mount.body().u64(file.fh()).u64(0).u64(10).u32(0).u32(0), 0).ok();
                }
                assertEquals(0100755, mount.getattr(file.node()).mode(), name);
                assertEquals(Mount.ENODATA, mount.error(Mount.GETXATTR, file.node(),
                        mount.body().u64(0).name("security.capability"), 8));
                cases++;
            }
            // A privileged writer keeps the mode, a group that may not execute keeps S_ISGID.
            tree.file("g", "x").mode("g", 06755).file("h", "x").mode("h", 02644);
            Open g = mount.open(mount.find("g"), 2);
            mount.write(g, 0, "y");
            assertEquals(0106755, mount.getattr(g.node()).mode());
            Open h = mount.open(mount.find("h"), 2);
            mount.tryWrite(h, 0, new byte[1], 1 << 2).ok();
            assertEquals(0102644, mount.getattr(h.node()).mode());
            HostileCases.count("FS-11", cases + 2);
        }
    }

    @Test
    @HostileCase("FS-11")
    void a_file_does_not_get_the_privilege_of_a_group_that_its_maker_is_not_in() {
        TreeBackend tree = TreeBackend.create().directory("d").mode("d", 02777).owner("d", 0, 50);
        try (Mount mount = Mount.of(tree)) {
            long d = mount.find("d");
            Open file = mount.create(d, "f", 2, 02755);
            assertEquals(0100755, mount.getattr(file.node()).mode());
            assertEquals(50, mount.getattr(file.node()).group());
            Entry directory = mount.mkdir(d, "sub", 0755);
            assertEquals(0042755, directory.mode());
            // A supplementary group counts as the caller's.
            byte[] message = mount.message(Mount.CREATE, d, mount.body().u32(2).u32(0102755).u64(0).name("abcdefg")
                    .u32(16).u32(32).u32(1).u32(50).toBytes(), 2);
            assertEquals(0102755, mount.entry(mount.ask(message, 144)).mode());
            HostileCases.count("FS-11", 3);
        }
    }

    @Test
    @HostileCase("FS-12")
    void device_nodes_are_refused_unless_allowed() {
        try (Mount mount = Mount.tree()) {
            for (int type : new int[] {FsMode.CHARACTER_DEVICE, FsMode.BLOCK_DEVICE}) {
                assertEquals(Mount.EPERM, mount.error(Mount.MKNOD, Mount.ROOT,
                        mount.body().u32(type | 0666).u32(0x0103).u64(0).name("null"), 128));
            }
            for (int type : new int[] {0, FsMode.DIRECTORY, FsMode.SYMBOLIC_LINK, 0170000, 0130000}) {
                assertEquals(Mount.EINVAL, mount.error(Mount.MKNOD, Mount.ROOT,
                        mount.body().u32(type | 0666).u32(0).u64(0).name("odd"), 128));
            }
            HostileCases.count("FS-12", 7);
        }
        try (Mount mount = Mount.of(TreeBackend.create(), choices -> choices.deviceNodes())) {
            Entry made = mount.entry(mount.ask(Mount.MKNOD, Mount.ROOT,
                    mount.body().u32(FsMode.BLOCK_DEVICE | 0666).u32(259 << 8 | 0x45 | 0x123 << 20).u64(0).name("b"),
                            128));
            assertEquals(259 << 8 | 0x45 | 0x123 << 20, made.attributes().getInt(76));
        }
    }

    @Test
    @HostileCase("FS-12")
    void nothing_changes_a_read_only_device() {
        TreeBackend tree = TreeBackend.create().file("a", "A").file("d/b", "B");
        RecordingBackend backend = new RecordingBackend(tree);
        try (Mount mount = Mount.of(backend, choices -> choices.readOnly().deviceNodes().daxWindow(2 << 20))) {
            Open a = mount.open(mount.find("a"), 0);
            long node = a.node();
            List<Reply> replies = IntStream.range(0, 17).mapToObj(i -> switch (i) {
                case 0 -> mount.ask(Mount.SETATTR, node, mount.change(1, 0, 0, 0, 0, 0), 104);
                case 1 -> mount.ask(Mount.SYMLINK, Mount.ROOT, mount.body().name("l").name("t"), 128);
                case 2 -> mount.ask(Mount.MKNOD, Mount.ROOT, mount.body().u64(0100600).u64(0).name("n"), 128);
                case 3 -> mount.ask(Mount.MKDIR, Mount.ROOT, mount.body().u64(0755).name("n"), 128);
                case 4 -> mount.ask(Mount.UNLINK, Mount.ROOT, mount.body().name("a"), 0);
                case 5 -> mount.ask(Mount.RMDIR, Mount.ROOT, mount.body().name("d"), 0);
                case 6 -> mount.ask(Mount.RENAME, Mount.ROOT, mount.body().u64(1).name("a").name("z"), 0);
                case 7 -> mount.ask(Mount.RENAME2, Mount.ROOT, mount.body().u64(1).u64(0).name("a").name("z"), 0);
                case 8 -> mount.ask(Mount.LINK, Mount.ROOT, mount.body().u64(node).name("z"), 128);
                case 9 -> mount.tryWrite(a, 0, new byte[1], 0);
                case 10 -> mount.ask(Mount.SETXATTR, node, mount.body().u64(0).u64(0).name("user.x"), 0);
                case 11 -> mount.ask(Mount.REMOVEXATTR, node, mount.body().name("user.x"), 0);
                case 12 -> mount.ask(Mount.CREATE, Mount.ROOT, mount.body().u32(2).u32(0600).u64(0).name("n"), 144);
                case 13 -> mount.ask(Mount.TMPFILE, Mount.ROOT, mount.body().u32(2).u32(0600).u64(0).name("n"), 144);
                case 14 -> mount.ask(Mount.FALLOCATE, node, mount.body().u64(a.fh()).u64(0).u64(9).u64(0), 0);
                case 15 -> mount.ask(Mount.COPY_FILE_RANGE, node, mount.body().u64(a.fh()).u64(0).u64(node).u64(a.fh())
                        .u64(0).u64(9).u64(0), 8);
                default -> mount.ask(Mount.SETUPMAPPING, node, mount.body().u64(-1).u64(0).u64(4096).u64(3).u64(0), 0);
            }).toList();
            replies.forEach(reply -> assertEquals(Mount.EROFS, reply.error()));
            for (int flags : new int[] {1, 2, 3, Mount.O_TRUNC, 1 | Mount.O_TRUNC}) {
                assertEquals(Mount.EROFS, mount.tryOpen(node, flags).error());
            }
            assertEquals(0, backend.changes());
            assertEquals("A", mount.content("a"));
            HostileCases.count("FS-12", replies.size() + 5);
        }
    }
}
