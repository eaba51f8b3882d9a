// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.fs.backend.FsBackend;
import io.virtio4j.fs.backend.FsCapability;
import io.virtio4j.fs.backend.FsErrno;
import io.virtio4j.fs.backend.FsException;
import io.virtio4j.fs.backend.FsNode;
import io.virtio4j.fs.backend.FsStatistics;
import io.virtio4j.fs.tree.TreeBackend;
import io.virtio4j.fs.tree.TreeContent;
import io.virtio4j.testkit.fuse.Fuse;
import io.virtio4j.testkit.fuse.FuseDriver.Body;
import io.virtio4j.testkit.fuse.FuseDriver.Entry;
import io.virtio4j.testkit.fuse.FuseDriver.Open;
import io.virtio4j.testkit.fuse.FuseDriver.Reply;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What requests do beyond reading, writing and names; and what is answered where a backend does not have it. */
class FileRequestTest {

    private static Body allocate(Mount mount, Open file, long offset, long length, int mode) {
        return mount.body().u64(file.fh()).u64(offset).u64(length).u32(mode).u32(0);
    }

    private static long seek(Mount mount, Open file, long offset, int whence) {
        Reply reply = mount.ask(Fuse.LSEEK, file.node(), mount.body().u64(file.fh()).u64(offset).u32(whence).u32(0),
                8);
        return reply.error() != 0 ? -reply.error() : reply.body().getLong(0);
    }

    @Test
    void space_is_set_aside_zeroed_and_given_back() {
        try (Mount mount = Mount.tree()) {
            Open file = mount.create(Fuse.ROOT, "f", Fuse.O_RDWR, 0600);
            mount.write(file, 0, "x".repeat(20_000));
            assertEquals(0, mount.error(Fuse.FALLOCATE, file.node(), allocate(mount, file, 4096, 8192, 3), 0));
            assertEquals(20_000, mount.getattr(file.node()).size());
            byte[] all = mount.read(file, 0, 20_000);
            assertEquals("xx", new String(all, 4094, 2, UTF_8));
            assertEquals(0, all[4096]);
            assertEquals(0, all[12_287]);
            assertEquals('x', all[12_288]);
            assertEquals(0, seek(mount, file, 0, 3));
            assertEquals(4096, seek(mount, file, 0, 4));
            assertEquals(12_288, seek(mount, file, 5000, 3));
            assertEquals(20_000, seek(mount, file, 12_288, 4));
            assertEquals(-Fuse.ENXIO, seek(mount, file, 20_000, 3));
            assertEquals(-Fuse.ENXIO, seek(mount, file, -1, 3));
            assertEquals(-Fuse.EINVAL, seek(mount, file, 0, 0));
            assertEquals(0, mount.error(Fuse.FALLOCATE, file.node(), allocate(mount, file, 30_000, 10, 0), 0));
            assertEquals(30_010, mount.getattr(file.node()).size());
            assertEquals(0, mount.error(Fuse.FALLOCATE, file.node(), allocate(mount, file, 40_000, 10, 1), 0));
            assertEquals(30_010, mount.getattr(file.node()).size());
            assertEquals(0, mount.error(Fuse.FALLOCATE, file.node(), allocate(mount, file, 0, 50_000, 0x10), 0));
            assertEquals(50_000, mount.getattr(file.node()).size());
            assertEquals(0, mount.read(file, 12_288, 1)[0]);
            for (int mode : new int[] {2, 8, 0x20, 0x40, 0x12, -1}) {
                assertEquals(Fuse.EOPNOTSUPP, mount.error(Fuse.FALLOCATE, file.node(),
                        allocate(mount, file, 0, 9, mode), 0));
            }
            assertEquals(Fuse.EINVAL, mount.error(Fuse.FALLOCATE, file.node(), allocate(mount, file, 0, 0, 0), 0));
            assertEquals(Fuse.EINVAL, mount.error(Fuse.FALLOCATE, file.node(), allocate(mount, file, -1, 9, 0), 0));
            assertEquals(27, mount.error(Fuse.FALLOCATE, file.node(), allocate(mount, file, 9, Long.MAX_VALUE, 0), 0));
        }
    }

    @Test
    void ranges_are_copied_by_both_requests() {
        try (Mount mount = Mount.of(TreeBackend.create().file("a", "0123456789"))) {
            Open a = mount.open(mount.find("a"), 0);
            Open b = mount.create(Fuse.ROOT, "b", Fuse.O_RDWR, 0600);
            Body body = mount.body().u64(a.fh()).u64(2).u64(b.node()).u64(b.fh()).u64(5).u64(4).u64(0);
            assertEquals(4, mount.ask(Fuse.COPY_FILE_RANGE, a.node(), body, 8).ok().body().getInt(0));
            assertEquals("\0\0\0\0\0" + "2345", new String(mount.read(b, 0, 100), UTF_8));
            body = mount.body().u64(a.fh()).u64(8).u64(b.node()).u64(b.fh()).u64(0).u64(1L << 40).u64(0);
            assertEquals(2, mount.ask(Fuse.COPY_FILE_RANGE_64, a.node(), body, 8).ok().body().getLong(0));
            assertEquals("89\0\0\0" + "2345", new String(mount.read(b, 0, 100), UTF_8));
            body = mount.body().u64(a.fh()).u64(10).u64(b.node()).u64(b.fh()).u64(0).u64(5).u64(0);
            assertEquals(0, mount.ask(Fuse.COPY_FILE_RANGE_64, a.node(), body, 8).ok().body().getLong(0));
            body = mount.body().u64(b.fh()).u64(0).u64(a.node()).u64(a.fh()).u64(0).u64(5).u64(0);
            assertEquals(Fuse.EBADF, mount.error(Fuse.COPY_FILE_RANGE, b.node(), body, 8), "not open to be written");
            body = mount.body().u64(a.fh()).u64(0).u64(b.node()).u64(b.fh()).u64(0).u64(5).u64(1);
            assertEquals(Fuse.EINVAL, mount.error(Fuse.COPY_FILE_RANGE, a.node(), body, 8));
        }
    }

    @Test
    void files_without_a_name_get_one_or_none() {
        TreeBackend tree = TreeBackend.create();
        try (Mount mount = Mount.of(tree)) {
            Reply reply = mount.ask(Fuse.TMPFILE, Fuse.ROOT, mount.body().u32(2).u32(0100600).u64(0).name("#1"),
                    144).ok();
            Open file = new Open(reply.body().getLong(0), reply.body().getLong(128), 0);
            mount.write(file, 0, "draft");
            assertEquals(0, mount.getattr(file.node()).links());
            mount.entry(mount.ask(Fuse.LINK, Fuse.ROOT, mount.body().u64(file.node()).name("final"), 128));
            assertEquals("draft", mount.content("final"));
            reply = mount.ask(Fuse.TMPFILE, Fuse.ROOT, mount.body().u32(2 | 0200).u32(0100600).u64(0).name("#2"),
                    144).ok();
            assertEquals(Fuse.ENOENT, mount.error(Fuse.LINK, Fuse.ROOT,
                    mount.body().u64(reply.body().getLong(0)).name("never"), 128), "O_EXCL");
        }
    }

    @Test
    void extended_attributes_are_set_listed_read_and_removed() {
        try (Mount mount = Mount.of(TreeBackend.create().file("f", ""))) {
            long f = mount.find("f");
            Body value = mount.body().u32(5).u32(1).u64(0).name("user.a").raw("value".getBytes(UTF_8));
            mount.ask(Fuse.SETXATTR, f, value, 0).ok();
            assertEquals(Fuse.EEXIST, mount.error(Fuse.SETXATTR, f, value, 0), "XATTR_CREATE");
            assertEquals(Fuse.ENODATA, mount.error(Fuse.SETXATTR, f,
                    mount.body().u32(0).u32(2).u64(0).name("user.b"), 0), "XATTR_REPLACE");
            mount.ask(Fuse.SETXATTR, f, mount.body().u32(0).u32(0).u64(0).name("user.b"), 0).ok();
            assertEquals(14, mount.ask(Fuse.LISTXATTR, f, mount.body().u64(0), 8).ok().body().getInt(0));
            assertEquals("user.a\0user.b\0", new String(mount.ask(Fuse.LISTXATTR, f, mount.body().u64(14), 14)
                    .ok().bytes(), UTF_8));
            assertEquals(5, mount.ask(Fuse.GETXATTR, f, mount.body().u64(0).name("user.a"), 8).ok().body().getInt(0));
            assertEquals("value", new String(mount.ask(Fuse.GETXATTR, f, mount.body().u64(5).name("user.a"), 5)
                    .ok().bytes(), UTF_8));
            assertEquals(Fuse.ERANGE, mount.error(Fuse.GETXATTR, f, mount.body().u64(4).name("user.a"), 4));
            assertEquals(Fuse.ERANGE, mount.error(Fuse.GETXATTR, f, mount.body().u64(4).name("x".repeat(256)), 4));
            assertEquals(Fuse.EINVAL, mount.error(Fuse.GETXATTR, f, mount.body().u64(4).name(""), 4));
            mount.ask(Fuse.REMOVEXATTR, f, mount.body().name("user.a"), 0).ok();
            assertEquals(Fuse.ENODATA, mount.error(Fuse.REMOVEXATTR, f, mount.body().name("user.a"), 0));
            assertEquals(Fuse.EOPNOTSUPP, mount.error(Fuse.SETXATTR, f,
                    mount.body().u32(0).u32(0).u64(0).name("system.posix_acl_access"), 0));
        }
    }

    @Test
    void statx_tells_when_a_file_was_made() {
        try (Mount mount = Mount.of(TreeBackend.create().file("f", "12345").owner("f", 7, 8))) {
            ByteBuffer out = mount.ask(Fuse.STATX, mount.find("f"),
                    mount.body().u32(0).u32(0).u64(0).u32(0).u32(0xFFF), 288).ok().body();
            assertEquals(0xFFF, out.getInt(32), "mask, with the time of creation");
            assertEquals(7, out.getInt(32 + 20));
            assertEquals(8, out.getInt(32 + 24));
            assertEquals((short) 0100644, out.getShort(32 + 28));
            assertEquals(5, out.getLong(32 + 40));
            assertTrue(Math.abs(out.getLong(32 + 80) - System.currentTimeMillis() / 1000) < 100);
        }
    }

    @Test
    void the_file_system_tells_its_size_and_is_full_at_last() {
        try (Mount mount = Mount.of(TreeBackend.create(64 << 10, 4))) {
            ByteBuffer out = mount.ask(Fuse.STATFS, Fuse.ROOT, mount.body(), 80).ok().body();
            assertEquals(16, out.getLong(0));
            assertEquals(16, out.getLong(8));
            assertEquals(4, out.getLong(24));
            assertEquals(255, out.getInt(44));
            Open file = mount.create(Fuse.ROOT, "f", Fuse.O_RDWR, 0600);
            assertEquals(14 * 4096, mount.tryWrite(file, 0, new byte[100_000], 0).ok().body().getInt(0), "what fits");
            assertEquals(Fuse.ENOSPC, mount.tryWrite(file, 14 * 4096, new byte[1], 0).error());
            mount.ask(Fuse.UNLINK, Fuse.ROOT, mount.body().name("f"), 0).ok();
            mount.release(file);
            mount.forget(file.node(), 1);
            assertEquals(16, mount.ask(Fuse.STATFS, Fuse.ROOT, mount.body(), 80).ok().body().getLong(8),
                    "all is back");
            for (int i = 0; i < 4; i++) {
                mount.mkdir(Fuse.ROOT, "d" + i, 0755);
            }
            assertEquals(Fuse.ENOSPC, mount.error(Fuse.MKDIR, Fuse.ROOT, mount.body().u64(0755).name("e"), 128));
            mount.ask(Fuse.SYNCFS, Fuse.ROOT, mount.body().u64(0), 0).ok();
        }
    }

    @Test
    void computed_files_are_what_their_code_says() throws IOException {
        List<String> written = new ArrayList<>();
        int[] reads = {0};
        TreeBackend tree = TreeBackend.create().computed("clock", () -> ("read " + reads[0]++).getBytes(UTF_8))
                .computed("knob", new TreeContent() {
                    @Override
                    public byte[] read() {
                        return "old value".getBytes(UTF_8);
                    }

                    @Override
                    public void write(byte[] content) throws IOException {
                        if (content.length == 0) {
                            throw FsException.of(FsErrno.EINVAL);
                        }
                        written.add(new String(content, UTF_8));
                    }
                }).mode("knob", 0644);
        try (Mount mount = Mount.of(tree)) {
            Open clock = mount.open(mount.find("clock"), 0);
            assertEquals(1, clock.flags() & 1, "FOPEN_DIRECT_IO");
            String first = new String(mount.read(clock, 0, 100), UTF_8);
            assertEquals(first, new String(mount.read(clock, 0, 100), UTF_8), "while it is open");
            assertTrue(!first.equals(mount.content("clock")));
            assertEquals(new String(tree.content("knob"), UTF_8), mount.content("knob"));
            Open knob = mount.open(mount.find("knob"), Fuse.O_RDWR);
            mount.write(knob, 0, "new");
            Body flush = mount.body().u64(knob.fh()).u64(0).u64(1);
            mount.ask(Fuse.FLUSH, knob.node(), flush, 0).ok();
            assertEquals(List.of("new value"), written);
            knob = mount.open(knob.node(), Fuse.O_WRONLY | Fuse.O_TRUNC);
            mount.write(knob, 0, "all");
            mount.ask(Fuse.FLUSH, knob.node(), mount.body().u64(knob.fh()).u64(0).u64(1), 0).ok();
            assertEquals(List.of("new value", "all"), written);
            knob = mount.open(knob.node(), Fuse.O_WRONLY | Fuse.O_TRUNC);
            assertEquals(Fuse.EINVAL, mount.error(Fuse.FLUSH, knob.node(),
                    mount.body().u64(knob.fh()).u64(0).u64(1), 0), "refused by the code");
        }
    }

    @Test
    void control_operations_are_refused_and_unknown_requests_are_not_there() {
        try (Mount mount = Mount.tree()) {
            assertEquals(Fuse.ENOTTY, mount.error(Fuse.IOCTL, Fuse.ROOT, mount.body().raw(new byte[32]), 100));
            for (int opcode : new int[] {0, 7, 19, 34, 37, 40, 41, 54, 63, 64, 4096, -1}) {
                assertEquals(Fuse.ENOSYS, mount.error(opcode, Fuse.ROOT, mount.body().raw(new byte[64]), 100));
            }
        }
    }

    @Test
    void a_cache_of_writes_is_read_through_handles_to_write() {
        TreeBackend tree = TreeBackend.create().file("f", "0123456789");
        try (Mount mount = Mount.of(tree, FsDeviceBuilder::writebackCache)) {
            assertEquals(1 << 16, mount.init().body().getInt(12) & (1 << 16 | 1 << 12));
            Open file = mount.open(mount.find("f"), Fuse.O_WRONLY | Fuse.O_APPEND);
            assertEquals("0123", new String(mount.read(file, 0, 4), UTF_8));
            mount.write(file, 2, "--");
            assertEquals("01--456789", mount.content("f"), "the driver knows where the end is");
        }
        try (Mount mount = Mount.of(tree)) {
            Open file = mount.open(mount.find("f"), Fuse.O_WRONLY);
            assertEquals(Fuse.EBADF, mount.tryRead(file, 0, 4, 4).error());
            assertEquals(Fuse.EBADF, mount.tryWrite(mount.open(file.node(), 0), 0, new byte[1], 0).error());
        }
    }

    @Test
    void users_are_mapped_both_ways() {
        TreeBackend tree = TreeBackend.create().file("f", "").owner("f", 100_005, 42);
        try (Mount mount = Mount.of(tree, choices -> choices.ids(IdMap.range(0, 100_000, 1000), IdMap.all(42, 7)))) {
            Entry entry = mount.lookup(Fuse.ROOT, "f");
            assertEquals(5, entry.user());
            assertEquals(7, entry.group());
            mount.caller(9, 1000);
            assertEquals(9, mount.mkdir(Fuse.ROOT, "d", 0755).user());
            mount.ask(Fuse.SETATTR, entry.node(), mount.change(2 | 4, 0, 0, 0, 11, 7), 104).ok();
            assertEquals(11, mount.getattr(entry.node()).user());
            assertEquals(Fuse.EINVAL, mount.error(Fuse.SETATTR, entry.node(), mount.change(2, 0, 0, 0, 1000, 0),
                    104));
            mount.caller(1000, 1000);
            assertEquals(75, mount.error(Fuse.MKDIR, Fuse.ROOT, mount.body().u64(0755).name("e"), 128), "EOVERFLOW");
            tree.owner("f", 5, 42);
            assertEquals(65534, mount.getattr(entry.node()).user(), "nobody");
        }
    }

    // ── Backends ───────────────────────────────────────────────────────────

    /** Can nothing that it need not. */
    private static final class Least implements FsBackend {

        private final TreeBackend tree = TreeBackend.create().file("f", "x");

        @Override
        public FsNode root() {
            return tree.root();
        }

        @Override
        public Set<FsCapability> capabilities() {
            return Set.of();
        }

        @Override
        public void statistics(FsNode node, FsStatistics out) throws IOException {
            throw new IOException("disk is on fire");
        }
    }

    @Test
    void what_a_backend_cannot_do_is_not_asked_of_it() {
        try (Mount mount = Mount.of(new Least())) {
            Open f = mount.open(mount.find("f"), 2);
            assertEquals(Fuse.EPERM, mount.error(Fuse.LINK, Fuse.ROOT, mount.body().u64(f.node()).name("h"), 128));
            assertEquals(Fuse.EPERM, mount.error(Fuse.SYMLINK, Fuse.ROOT, mount.body().name("l").name("t"), 128));
            assertEquals(Fuse.EPERM, mount.error(Fuse.MKNOD, Fuse.ROOT, mount.body().u64(0010600).u64(0).name("p"),
                    128));
            assertEquals(Fuse.ENOSYS, mount.error(Fuse.TMPFILE, Fuse.ROOT, mount.body().u64(2).u64(0).name("#"),
                    144));
            assertEquals(Fuse.ENOSYS, mount.error(Fuse.GETXATTR, f.node(), mount.body().u64(0).name("user.a"), 8));
            assertEquals(Fuse.ENOSYS, mount.error(Fuse.FALLOCATE, f.node(), allocate(mount, f, 0, 9, 0), 0));
            assertEquals(-Fuse.ENOSYS, seek(mount, f, 0, 3));
            assertEquals(Fuse.ENOSYS, mount.error(Fuse.COPY_FILE_RANGE, f.node(), mount.body().raw(new byte[56]), 8));
            assertEquals(Fuse.EINVAL, mount.error(Fuse.RENAME2, Fuse.ROOT,
                    mount.body().u64(1).u32(2).u32(0).name("f").name("f"), 0), "an exchange");
        }
    }

    @Test
    void a_fault_of_the_backend_is_told_to_both_sides() {
        List<Throwable> faults = new ArrayList<>();
        try (Mount mount = Mount.of(new Least(), choices -> choices.onBackendFault(faults::add))) {
            assertEquals(Fuse.EIO, mount.error(Fuse.STATFS, Fuse.ROOT, mount.body(), 80));
            assertEquals("disk is on fire", faults.getFirst().getMessage());
            assertEquals(1, mount.device.counters().get(FsCounter.BACKEND_FAULTS));
        }
    }
}
