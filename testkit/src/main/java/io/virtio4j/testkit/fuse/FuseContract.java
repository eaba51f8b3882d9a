// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit.fuse;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.virtio4j.core.device.VirtioDevice;
import io.virtio4j.testkit.TestDriver;
import io.virtio4j.testkit.conformance.HostileCase;
import io.virtio4j.testkit.conformance.HostileCases;
import io.virtio4j.testkit.fuse.FuseDriver.Body;
import io.virtio4j.testkit.fuse.FuseDriver.Entry;
import io.virtio4j.testkit.fuse.FuseDriver.Open;
import io.virtio4j.testkit.fuse.FuseDriver.Reply;
import java.io.IOException;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/**
 * What no driver gets from a file system device, whatever it serves, as tests: extend it in the tests of a backend.
 *
 * <pre>{@code
 * class ShelfFuseTest extends FuseContract {
 *     private final Shelf shelf = new Shelf();
 *
 *     protected VirtioDevice device(Wanted wanted) {
 *         FsDeviceBuilder device = FsDevice.of("shelf", shelf).maxNodes(wanted.maxNodes())
 *                 .maxHandles(wanted.maxHandles()).requestQueues(2).daxWindow(wanted.window());
 *         return (wanted.readOnly() ? device.readOnly() : device).build();
 *     }
 * }
 * }</pre>
 *
 * <p>What a backend cannot do is not tried: it has to be refused with EPERM, ENOSYS or EOPNOTSUPP.
 */
public abstract class FuseContract extends ForgedFuseRequests {

    private static final Set<Integer> CANNOT = Set.of(Fuse.EPERM, Fuse.ENOSYS, Fuse.EOPNOTSUPP);

    /** For subclasses. */
    protected FuseContract() {}

    /**
     * What a test wants of a device, which has two request queues at least.
     *
     * @param readOnly whether nothing may change
     * @param maxNodes how many files a driver may know, with the root
     * @param maxHandles how many files and directories a driver may have open
     * @param window bytes of the DAX window
     */
    public record Wanted(boolean readOnly, int maxNodes, int maxHandles, long window) {}

    /**
     * Makes a device. All that are made in one test serve the same tree, one after the other, which is empty at first.
     * Closed by the test, if it can be.
     */
    protected abstract VirtioDevice device(Wanted wanted) throws IOException;

    /**
     * Sends requests that no backend may be asked for. Default: sends them; a test whose backend counts what it is
     * asked for can compare.
     */
    protected void untouched(Runnable requests) {
        requests.run();
    }

    /**
     * How many operations of chance are tried, for each of three seeds. Files get as long as they can: for a backend
     * that is bounded. Links lead to {@code ../outside} and {@code ../outside/secret}: a test that has that beside its
     * tree can see that it stays as it was. Default: 5000.
     */
    protected int operations() {
        return 5000;
    }

    /** A driver, and the device that is closed with it. */
    private static final class Mounted extends FuseDriver {

        private final VirtioDevice device;

        Mounted(VirtioDevice device, TestDriver driver) {
            super(driver);
            this.device = device;
        }

        @Override
        public void close() {
            super.close();
            closeIfItCanBe(device);
        }
    }

    @Override
    final FuseDriver attach(Wanted wanted) throws IOException {
        VirtioDevice device = device(wanted);
        return new Mounted(device, TestDriver.attach(device).start());
    }

    static void closeIfItCanBe(VirtioDevice device) {
        if (device instanceof AutoCloseable closeable) {
            assertDoesNotThrow(closeable::close);
        }
    }

    // ── FS-1: names ────────────────────────────────────────────────────────

    /** What is no name. The texts have their zero bytes. */
    private static final List<String> BAD = List.of("\0", ".\0", "..\0", "/\0", "/etc\0", "a/b\0", "../a\0", "a/\0",
            "x".repeat(256) + "\0", "x".repeat(4000) + "\0", "no zero byte", "a\0b\0", "");

    /** A request with a name, and room for its reply. */
    private record Named(int opcode, int room, UnaryOperator<Body> fixed, boolean second) {}

    private static List<Named> named(long file) {
        return List.of(
                new Named(Fuse.LOOKUP, 128, body -> body, false),
                new Named(Fuse.MKNOD, 128, body -> body.u32(0100644).u32(0).u32(0).u32(0), false),
                new Named(Fuse.MKDIR, 128, body -> body.u32(0755).u32(0), false),
                new Named(Fuse.UNLINK, 0, body -> body, false),
                new Named(Fuse.RMDIR, 0, body -> body, false),
                new Named(Fuse.LINK, 128, body -> body.u64(file), false),
                new Named(Fuse.CREATE, 144, body -> body.u32(2).u32(0100644).u32(0).u32(0), false),
                new Named(Fuse.SYMLINK, 128, body -> body, true),
                new Named(Fuse.RENAME, 0, body -> body.u64(1), true),
                new Named(Fuse.RENAME, 0, body -> body.u64(1).name("f"), false),
                new Named(Fuse.RENAME2, 0, body -> body.u64(1).u64(0), true),
                new Named(Fuse.RENAME2, 0, body -> body.u64(1).u64(0).name("f"), false));
    }

    @Test
    @HostileCase("FS-1")
    void every_name_that_is_none_is_refused_by_every_request() throws IOException {
        try (FuseDriver fuse = mount()) {
            file(fuse, "f", "content");
            List<Named> requests = named(fuse.find("f"));
            untouched(() -> {
                for (Named request : requests) {
                    for (String bad : BAD) {
                        Body body = request.fixed.apply(fuse.body()).raw(bad.getBytes(UTF_8));
                        if (request.second) {
                            body.name("good");
                        }
                        int error = fuse.error(request.opcode, Fuse.ROOT, body, request.room);
                        boolean linking = request.opcode == Fuse.LINK || request.opcode == Fuse.SYMLINK;
                        assertTrue(error == Fuse.EINVAL || error == Fuse.ENAMETOOLONG && bad.length() > 200
                                || error == Fuse.EPERM && linking,
                                "opcode=" + request.opcode + " name=" + bad + " errno=" + error);
                    }
                }
            });
            HostileCases.count("FS-1", (long) requests.size() * BAD.size());
            assertEquals("content", fuse.content("f"));
        }
    }

    @Test
    @HostileCase("FS-1")
    void the_text_of_a_link_is_anything_but_empty_and_endless() throws IOException {
        try (FuseDriver fuse = mount()) {
            List<String> texts = List.of("/", "/etc/passwd", "..", ".", "a/b", "x".repeat(4000));
            for (String text : texts) {
                Entry link = link(fuse, "l" + text.length() + text.hashCode(), text);
                assertEquals(text, new String(fuse.ask(Fuse.READLINK, link.node(), fuse.body(), 5000).ok().bytes(),
                        UTF_8));
            }
            assertEquals(Fuse.ENOENT, fuse.error(Fuse.SYMLINK, Fuse.ROOT, fuse.body().name("l").name(""), 128));
            assertEquals(Fuse.ENAMETOOLONG, fuse.error(Fuse.SYMLINK, Fuse.ROOT,
                    fuse.body().name("l").name("x".repeat(4096)), 128));
            HostileCases.count("FS-1", texts.size() + 2L);
        }
    }

    // ── FS-2, FS-3, FS-4: what is no file, or not the one ──────────────────

    @Test
    @HostileCase("FS-2")
    void links_are_never_followed() throws IOException {
        try (FuseDriver fuse = mount()) {
            file(fuse, "secret", "secret");
            int mode = fuse.lookup(Fuse.ROOT, "secret").mode();
            List<String> targets = List.of("secret", "/etc/passwd", "../../../../../../etc/passwd", "/", "..", ".");
            for (String target : targets) {
                long link = link(fuse, "link", target).node();
                assertEquals(Fuse.EPERM, fuse.tryOpen(link, 0).error());
                assertEquals(Fuse.EPERM, fuse.tryOpen(link, Fuse.O_RDWR | Fuse.O_TRUNC).error());
                assertEquals(Fuse.ENOTDIR, fuse.error(Fuse.LOOKUP, link, fuse.body().name("etc"), 128));
                assertEquals(Fuse.ENOTDIR, fuse.error(Fuse.OPENDIR, link, fuse.body().u64(0), 16));
                assertEquals(Fuse.ENOTDIR, fuse.error(Fuse.CREATE, link,
                        fuse.body().u32(2).u32(0100600).u64(0).name("new"), 144));
                assertEquals(Fuse.ENOTDIR, fuse.error(Fuse.MKDIR, link, fuse.body().u64(0755).name("new"), 128));
                assertEquals(Fuse.ENOTDIR, fuse.error(Fuse.UNLINK, link, fuse.body().name("new"), 0));
                assertEquals(Fuse.EINVAL, fuse.error(Fuse.SETATTR, link, fuse.change(1 << 3, 0, 0, 0, 0, 0), 104));
                fuse.ask(Fuse.SETATTR, link, fuse.change(1, 0, 0, 0400, 0, 0), 104);
                assertNotEquals(0, fuse.error(Fuse.CREATE, Fuse.ROOT,
                        fuse.body().u32(2 | Fuse.O_TRUNC).u32(0100600).u64(0).name("link"), 144), target);
                fuse.ask(Fuse.UNLINK, Fuse.ROOT, fuse.body().name("link"), 0).ok();
            }
            assertEquals(mode, fuse.lookup(Fuse.ROOT, "secret").mode(), "of the link, not of what it names");
            assertEquals("secret", fuse.content("secret"));
            HostileCases.count("FS-2", 10L * targets.size());
        }
    }

    @Test
    @HostileCase("FS-3")
    void a_directory_whose_name_a_link_has_got_is_not_what_the_link_names() throws IOException {
        try (FuseDriver fuse = mount()) {
            long d = fuse.mkdir(Fuse.ROOT, "d", 0755).node();
            long other = fuse.mkdir(Fuse.ROOT, "other", 0755).node();
            fuse.release(fuse.create(other, "f", Fuse.O_RDWR, 0600));
            fuse.ask(Fuse.RENAME, Fuse.ROOT, fuse.body().u64(1).name("d").name("moved"), 0).ok();
            link(fuse, "d", "other");

            assertEquals(Fuse.ENOENT, fuse.error(Fuse.LOOKUP, d, fuse.body().name("f"), 128));
            fuse.release(fuse.create(d, "new", Fuse.O_RDWR, 0600));

            fuse.find("moved/new");
            assertEquals(Fuse.ENOENT, fuse.error(Fuse.LOOKUP, other, fuse.body().name("new"), 128));
        }
    }

    @Test
    @HostileCase("FS-4")
    void what_acts_or_blocks_when_it_is_opened_is_not_opened() throws IOException {
        try (FuseDriver fuse = mount()) {
            for (int type : new int[] {Fuse.FIFO, Fuse.SOCKET}) {
                Entry made = fuse.entry(able(fuse.ask(Fuse.MKNOD, Fuse.ROOT,
                        fuse.body().u32(type | 0600).u32(0).u32(0).u32(0).name("special" + type), 128)));
                assertEquals(type, made.mode() & Fuse.TYPE);
                untouched(() -> {
                    for (int flags = 0; flags < 4; flags++) {
                        assertEquals(Fuse.EPERM, fuse.tryOpen(made.node(), flags).error());
                    }
                });
            }
            untouched(() -> assertEquals(Fuse.EISDIR, fuse.tryOpen(Fuse.ROOT, 0).error()));
            HostileCases.count("FS-4", 9);
        }
    }

    // ── FS-5, FS-6: too many, and too often ────────────────────────────────

    @Test
    @HostileCase("FS-5")
    void nodes_and_handles_are_limited_and_come_back() throws IOException {
        try (FuseDriver fuse = mount()) {
            for (int i = 0; i < 20; i++) {
                file(fuse, "f" + i, "");
            }
        }
        try (FuseDriver fuse = mount(new Wanted(false, 11, 5, WINDOW))) {
            long[] nodes = new long[20];
            for (int i = 0; i < 20; i++) {
                Reply reply = fuse.ask(Fuse.LOOKUP, Fuse.ROOT, fuse.body().name("f" + i), 128);
                assertEquals(i < 10 ? 0 : Fuse.ENFILE, reply.error());
                nodes[i] = i < 10 ? reply.body().getLong(0) : 0;
            }
            Open[] files = new Open[5];
            for (int i = 0; i < 5; i++) {
                files[i] = fuse.open(nodes[i], 0);
            }
            assertEquals(Fuse.ENFILE, fuse.tryOpen(nodes[6], 0).error());
            assertEquals(Fuse.ENFILE, fuse.error(Fuse.OPENDIR, Fuse.ROOT, fuse.body().u64(0), 16));
            assertEquals(Fuse.ENFILE, fuse.error(Fuse.CREATE, Fuse.ROOT,
                    fuse.body().u32(2).u32(0100600).u64(0).name("new"), 144));
            fuse.release(files[0]);
            fuse.release(fuse.open(nodes[6], 0));
            List<FuseDriver.Dirent> all = fuse.list(Fuse.ROOT, 8192, true);
            assertEquals(22, all.size(), "all are listed");
            assertEquals(10, all.stream().filter(entry -> entry.node() != 0).count(), "those that are known");
            fuse.forget(nodes[9], 1000);
            fuse.lookup(Fuse.ROOT, "f15");
            HostileCases.count("FS-5", 15);
        }
    }

    @Test
    @HostileCase("FS-6")
    void counts_and_numbers_that_cannot_be_are_taken_for_what_they_can_mean() throws IOException {
        try (FuseDriver fuse = mount()) {
            file(fuse, "a", "A");
            long a = fuse.find("a");
            int cases = 0;
            for (long node : new long[] {0, a + 7, -1, Long.MIN_VALUE, a + 1, a | 1L << 40, 1L << 32 | 1}) {
                fuse.forget(node, 1);
                fuse.tell(Fuse.BATCH_FORGET, 0, fuse.body().u32(1).u32(0).u64(node).u64(-1));
                cases += 2;
            }
            for (long count : new long[] {0, 2, 1000, 0xFFFF_FFFFL}) {
                fuse.tell(Fuse.BATCH_FORGET, 0, fuse.body().u32(count).u32(0).u64(a + 7).u64(1));
                cases++;
            }
            assertEquals("A", fuse.content("a"), "still there");
            fuse.forget(Fuse.ROOT, -1);
            assertEquals(Fuse.ROOT, fuse.getattr(Fuse.ROOT).node(), "nobody forgets the root");
            fuse.forget(a, -1);
            fuse.forget(a, 5);
            assertEquals(Fuse.ESTALE, fuse.error(Fuse.GETATTR, a, fuse.body().u64(0).u64(0), 104));
            assertEquals("A", fuse.content("a"));
            HostileCases.count("FS-6", cases + 3L);
        }
    }

    @Test
    @HostileCase("FS-6")
    void what_is_open_outlives_being_forgotten() throws IOException {
        try (FuseDriver fuse = mount()) {
            Open file = fuse.create(Fuse.ROOT, "a", Fuse.O_RDWR, 0600);
            fuse.write(file, 0, "kept");
            fuse.forget(file.node(), -1);
            assertEquals(4, fuse.read(file, 0, 10).length);
            fuse.release(file);
            assertEquals(Fuse.ESTALE, fuse.error(Fuse.GETATTR, file.node(), fuse.body().u64(0).u64(0), 104));
        }
    }

    // ── FS-11, FS-12: privileges ───────────────────────────────────────────

    /** Version 2, effective, CAP_NET_RAW. */
    private static final byte[] NET_RAW = {1, 0, 0, 2, 0, 32, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};

    private static final int MODE = 1;
    private static final int USER = 1 << 1;
    private static final int GROUP = 1 << 2;
    private static final int SIZE = 1 << 3;
    private static final int KILL = 1 << 11;

    private static Reply chmod(FuseDriver fuse, long node, int mode) {
        return fuse.ask(Fuse.SETATTR, node, fuse.change(MODE, 0, 0, mode, 0, 0), 104);
    }

    /** How privileges of a file are lost. */
    private static Reply lose(FuseDriver fuse, int kind, Open file) {
        return switch (kind) {
            case 0 -> fuse.tryWrite(file, 0, new byte[1], 1 << 2);
            case 1 -> fuse.ask(Fuse.SETATTR, file.node(), fuse.change(SIZE | KILL, 0, 0, 0, 0, 0), 104);
            case 2 -> fuse.ask(Fuse.OPEN, file.node(), fuse.body().u32(2 | Fuse.O_TRUNC).u32(1), 16);
            case 3 -> fuse.ask(Fuse.FALLOCATE, file.node(),
                    fuse.body().u64(file.fh()).u64(0).u64(10).u32(0).u32(0), 0);
            default -> fuse.ask(Fuse.SETATTR, file.node(), fuse.change(USER, 0, 0, 0, 5, 0), 104);
        };
    }

    @Test
    @HostileCase("FS-11")
    void privileges_are_lost_with_a_write_a_cut_and_another_owner() throws IOException {
        try (FuseDriver fuse = mount()) {
            for (int kind = 0; kind < 5; kind++) {
                Open file = fuse.create(Fuse.ROOT, "f" + kind, Fuse.O_RDWR, 0755);
                able(chmod(fuse, file.node(), 06755)).ok();
                assumeTrue(fuse.getattr(file.node()).mode() == 0106755, "modes have no such bits here");
                boolean capable = fuse.error(Fuse.SETXATTR, file.node(), fuse.body().u32(NET_RAW.length).u32(0).u64(0)
                        .name("security.capability").raw(NET_RAW), 0) == 0;
                Reply reply = lose(fuse, kind, file);
                if (CANNOT.contains(reply.error())) {
                    continue;
                }
                reply.ok();
                assertEquals(0100755, fuse.getattr(file.node()).mode(), "kind=" + kind);
                if (capable) {
                    assertEquals(Fuse.ENODATA, fuse.error(Fuse.GETXATTR, file.node(),
                            fuse.body().u64(0).name("security.capability"), 8), "kind=" + kind);
                }
            }
        }
    }

    @Test
    @HostileCase("FS-11")
    void a_file_does_not_get_the_privilege_of_a_group_that_its_maker_is_not_in() throws IOException {
        try (FuseDriver fuse = mount()) {
            long d = fuse.mkdir(Fuse.ROOT, "d", 0755).node();
            able(fuse.ask(Fuse.SETATTR, d, fuse.change(MODE | GROUP, 0, 0, 02777, 0, 50), 104)).ok();
            assumeTrue(fuse.getattr(d).mode() == 0042777, "modes have no such bits here");
            Open file = fuse.create(d, "f", 2, 02755);
            assertEquals(0100755, fuse.getattr(file.node()).mode());
            assertEquals(50, fuse.getattr(file.node()).group());
            assertEquals(0042755, fuse.mkdir(d, "sub", 0755).mode());
            // A supplementary group counts as the caller's.
            byte[] message = fuse.message(Fuse.CREATE, d, fuse.body().u32(2).u32(0102755).u64(0).name("abcdefg")
                    .u32(16).u32(32).u32(1).u32(50).toBytes(), 2);
            assertEquals(0102755, fuse.entry(fuse.ask(message, 144)).mode());
            HostileCases.count("FS-11", 3);
        }
    }

    @Test
    @HostileCase("FS-12")
    void device_nodes_are_refused() throws IOException {
        try (FuseDriver fuse = mount()) {
            untouched(() -> {
                for (int type : new int[] {Fuse.CHARACTER_DEVICE, Fuse.BLOCK_DEVICE}) {
                    assertEquals(Fuse.EPERM, fuse.error(Fuse.MKNOD, Fuse.ROOT,
                            fuse.body().u32(type | 0666).u32(0x0103).u64(0).name("null"), 128));
                }
                for (int type : new int[] {0, Fuse.DIRECTORY, Fuse.SYMBOLIC_LINK, Fuse.TYPE, 0130000}) {
                    assertEquals(Fuse.EINVAL, fuse.error(Fuse.MKNOD, Fuse.ROOT,
                            fuse.body().u32(type | 0666).u32(0).u64(0).name("odd"), 128));
                }
            });
            HostileCases.count("FS-12", 7);
        }
    }

    @Test
    @HostileCase("FS-12")
    void nothing_changes_a_read_only_device() throws IOException {
        try (FuseDriver fuse = mount()) {
            file(fuse, "a", "A");
            fuse.mkdir(Fuse.ROOT, "d", 0755);
        }
        try (FuseDriver fuse = mount(new Wanted(true, PLENTY, PLENTY, WINDOW))) {
            Open a = fuse.open(fuse.find("a"), 0);
            List<Supplier<Reply>> requests = changes(fuse, a);
            untouched(() -> {
                requests.forEach(request -> assertEquals(Fuse.EROFS, request.get().error()));
                for (int flags : new int[] {1, 2, 3, Fuse.O_TRUNC, 1 | Fuse.O_TRUNC}) {
                    assertEquals(Fuse.EROFS, fuse.tryOpen(a.node(), flags).error());
                }
            });
            assertEquals("A", fuse.content("a"));
            assertEquals(4, fuse.list(Fuse.ROOT, 4096, false).size());
            HostileCases.count("FS-12", requests.size() + 5L);
        }
    }

    private static List<Supplier<Reply>> changes(FuseDriver fuse, Open a) {
        long node = a.node();
        return List.of(
                () -> chmod(fuse, node, 0),
                () -> fuse.ask(Fuse.SYMLINK, Fuse.ROOT, fuse.body().name("l").name("t"), 128),
                () -> fuse.ask(Fuse.MKNOD, Fuse.ROOT, fuse.body().u32(0100600).u64(0).name("n"), 128),
                () -> fuse.ask(Fuse.MKDIR, Fuse.ROOT, fuse.body().u64(0755).name("n"), 128),
                () -> fuse.ask(Fuse.UNLINK, Fuse.ROOT, fuse.body().name("a"), 0),
                () -> fuse.ask(Fuse.RMDIR, Fuse.ROOT, fuse.body().name("d"), 0),
                () -> fuse.ask(Fuse.RENAME, Fuse.ROOT, fuse.body().u64(1).name("a").name("z"), 0),
                () -> fuse.ask(Fuse.RENAME2, Fuse.ROOT, fuse.body().u64(1).u64(0).name("a").name("z"), 0),
                () -> fuse.ask(Fuse.LINK, Fuse.ROOT, fuse.body().u64(node).name("z"), 128),
                () -> fuse.tryWrite(a, 0, new byte[1], 0),
                () -> fuse.ask(Fuse.SETXATTR, node, fuse.body().u64(0).u64(0).name("user.x"), 0),
                () -> fuse.ask(Fuse.REMOVEXATTR, node, fuse.body().name("user.x"), 0),
                () -> fuse.ask(Fuse.CREATE, Fuse.ROOT, fuse.body().u32(2).u32(0600).u64(0).name("n"), 144),
                () -> fuse.ask(Fuse.TMPFILE, Fuse.ROOT, fuse.body().u32(2).u32(0600).u64(0).name("n"), 144),
                () -> fuse.ask(Fuse.FALLOCATE, node, fuse.body().u64(a.fh()).u64(0).u64(9).u64(0), 0),
                () -> fuse.ask(Fuse.COPY_FILE_RANGE, node, fuse.body().u64(a.fh()).u64(0).u64(node).u64(a.fh()).u64(0)
                        .u64(9).u64(0), 8),
                () -> fuse.ask(Fuse.SETUPMAPPING, node, fuse.body().u64(-1).u64(0).u64(4096).u64(3).u64(0), 0));
    }

    // ── Parts ──────────────────────────────────────────────────────────────

    /** A symbolic link in the root, if the backend has such. */
    private static Entry link(FuseDriver fuse, String name, String target) {
        return fuse.entry(able(fuse.ask(Fuse.SYMLINK, Fuse.ROOT, fuse.body().name(name).name(target), 128)));
    }

    /** Ends a test that is about what the backend cannot do. */
    private static Reply able(Reply reply) {
        assumeTrue(!CANNOT.contains(reply.error()), "the backend cannot");
        return reply;
    }
}
