// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.fs.Mount.Body;
import io.virtio4j.fs.Mount.Entry;
import io.virtio4j.fs.Mount.Open;
import io.virtio4j.fs.Mount.Reply;
import io.virtio4j.fs.backend.FsBackend;
import io.virtio4j.fs.backend.FsCapability;
import io.virtio4j.fs.backend.FsErrno;
import io.virtio4j.fs.backend.FsException;
import io.virtio4j.fs.backend.FsNode;
import io.virtio4j.fs.backend.FsStatistics;
import io.virtio4j.fs.tree.TreeBackend;
import io.virtio4j.fs.tree.TreeContent;
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
        Reply reply = mount.ask(Mount.LSEEK, file.node(), mount.body().u64(file.fh()).u64(offset).u32(whence).u32(0),
                8);
        return reply.error() != 0 ? -reply.error() : reply.body().getLong(0);
    }

    @Test
    void space_is_set_aside_zeroed_and_given_back() {
        try (Mount mount = Mount.tree()) {
            Open file = mount.create(Mount.ROOT, "f", Mount.O_RDWR, 0600);
            mount.write(file, 0, "x".repeat(20_000));
            assertEquals(0, mount.error(Mount.FALLOCATE, file.node(), allocate(mount, file, 4096, 8192, 3), 0));
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
            assertEquals(-Mount.ENXIO, seek(mount, file, 20_000, 3));
            assertEquals(-Mount.ENXIO, seek(mount, file, -1, 3));
            assertEquals(-Mount.EINVAL, seek(mount, file, 0, 0));
            assertEquals(0, mount.error(Mount.FALLOCATE, file.node(), allocate(mount, file, 30_000, 10, 0), 0));
            assertEquals(30_010, mount.getattr(file.node()).size());
            assertEquals(0, mount.error(Mount.FALLOCATE, file.node(), allocate(mount, file, 40_000, 10, 1), 0));
            assertEquals(30_010, mount.getattr(file.node()).size());
            assertEquals(0, mount.error(Mount.FALLOCATE, file.node(), allocate(mount, file, 0, 50_000, 0x10), 0));
            assertEquals(50_000, mount.getattr(file.node()).size());
            assertEquals(0, mount.read(file, 12_288, 1)[0]);
            for (int mode : new int[] {2, 8, 0x20, 0x40, 0x12, -1}) {
                assertEquals(Mount.EOPNOTSUPP, mount.error(Mount.FALLOCATE, file.node(),
                        allocate(mount, file, 0, 9, mode), 0));
            }
            assertEquals(Mount.EINVAL, mount.error(Mount.FALLOCATE, file.node(), allocate(mount, file, 0, 0, 0), 0));
            assertEquals(Mount.EINVAL, mount.error(Mount.FALLOCATE, file.node(), allocate(mount, file, -1, 9, 0), 0));
            assertEquals(27, mount.error(Mount.FALLOCATE, file.node(), allocate(mount, file, 9, Long.MAX_VALUE, 0), 0));
        }
    }

    @Test
    void ranges_are_copied_by_both_requests() {
        try (Mount mount = Mount.of(TreeBackend.create().file("a", "0123456789"))) {
            Open a = mount.open(mount.find("a"), 0);
            Open b = mount.create(Mount.ROOT, "b", Mount.O_RDWR, 0600);
            Body body = mount.body().u64(a.fh()).u64(2).u64(b.node()).u64(b.fh()).u64(5).u64(4).u64(0);
            assertEquals(4, mount.ask(Mount.COPY_FILE_RANGE, a.node(), body, 8).ok().body().getInt(0));
            assertEquals("\0\0\0\0\0" + "2345", new String(mount.read(b, 0, 100), UTF_8));
            body = mount.body().u64(a.fh()).u64(8).u64(b.node()).u64(b.fh()).u64(0).u64(1L << 40).u64(0);
            assertEquals(2, mount.ask(Mount.COPY_FILE_RANGE_64, a.node(), body, 8).ok().body().getLong(0));
            assertEquals("89\0\0\0" + "2345", new String(mount.read(b, 0, 100), UTF_8));
            body = mount.body().u64(a.fh()).u64(10).u64(b.node()).u64(b.fh()).u64(0).u64(5).u64(0);
            assertEquals(0, mount.ask(Mount.COPY_FILE_RANGE_64, a.node(), body, 8).ok().body().getLong(0));
            body = mount.body().u64(b.fh()).u64(0).u64(a.node()).u64(a.fh()).u64(0).u64(5).u64(0);
            assertEquals(Mount.EBADF, mount.error(Mount.COPY_FILE_RANGE, b.node(), body, 8), "not open to be written");
            body = mount.body().u64(a.fh()).u64(0).u64(b.node()).u64(b.fh()).u64(0).u64(5).u64(1);
            assertEquals(Mount.EINVAL, mount.error(Mount.COPY_FILE_RANGE, a.node(), body, 8));
        }
    }

    @Test
    void files_without_a_name_get_one_or_none() {
        TreeBackend tree = TreeBackend.create();
        try (Mount mount = Mount.of(tree)) {
            Reply reply = mount.ask(Mount.TMPFILE, Mount.ROOT, mount.body().u32(2).u32(0100600).u64(0).name("#1"),
                    144).ok();
            Open file = new Open(reply.body().getLong(0), reply.body().getLong(128), 0);
            mount.write(file, 0, "draft");
            assertEquals(0, mount.getattr(file.node()).links());
            mount.entry(mount.ask(Mount.LINK, Mount.ROOT, mount.body().u64(file.node()).name("final"), 128));
            assertEquals("draft", mount.content("final"));
            reply = mount.ask(Mount.TMPFILE, Mount.ROOT, mount.body().u32(2 | 0200).u32(0100600).u64(0).name("#2"),
                    144).ok();
            assertEquals(Mount.ENOENT, mount.error(Mount.LINK, Mount.ROOT,
                    mount.body().u64(reply.body().getLong(0)).name("never"), 128), "O_EXCL");
        }
    }

    @Test
    void extended_attributes_are_set_listed_read_and_removed() {
        try (Mount mount = Mount.of(TreeBackend.create().file("f", ""))) {
            long f = mount.find("f");
            Body value = mount.body().u32(5).u32(1).u64(0).name("user.a").raw("value".getBytes(UTF_8));
            mount.ask(Mount.SETXATTR, f, value, 0).ok();
            assertEquals(Mount.EEXIST, mount.error(Mount.SETXATTR, f, value, 0), "XATTR_CREATE");
            assertEquals(Mount.ENODATA, mount.error(Mount.SETXATTR, f,
                    mount.body().u32(0).u32(2).u64(0).name("user.b"), 0), "XATTR_REPLACE");
            mount.ask(Mount.SETXATTR, f, mount.body().u32(0).u32(0).u64(0).name("user.b"), 0).ok();
            assertEquals(14, mount.ask(Mount.LISTXATTR, f, mount.body().u64(0), 8).ok().body().getInt(0));
            assertEquals("user.a\0user.b\0", new String(mount.ask(Mount.LISTXATTR, f, mount.body().u64(14), 14)
                    .ok().bytes(), UTF_8));
            assertEquals(5, mount.ask(Mount.GETXATTR, f, mount.body().u64(0).name("user.a"), 8).ok().body().getInt(0));
            assertEquals("value", new String(mount.ask(Mount.GETXATTR, f, mount.body().u64(5).name("user.a"), 5)
                    .ok().bytes(), UTF_8));
            assertEquals(Mount.ERANGE, mount.error(Mount.GETXATTR, f, mount.body().u64(4).name("user.a"), 4));
            assertEquals(Mount.ERANGE, mount.error(Mount.GETXATTR, f, mount.body().u64(4).name("x".repeat(256)), 4));
            assertEquals(Mount.EINVAL, mount.error(Mount.GETXATTR, f, mount.body().u64(4).name(""), 4));
            mount.ask(Mount.REMOVEXATTR, f, mount.body().name("user.a"), 0).ok();
            assertEquals(Mount.ENODATA, mount.error(Mount.REMOVEXATTR, f, mount.body().name("user.a"), 0));
            assertEquals(Mount.EOPNOTSUPP, mount.error(Mount.SETXATTR, f,
                    mount.body().u32(0).u32(0).u64(0).name("system.posix_acl_access"), 0));
        }
    }

    @Test
    void statx_tells_when_a_file_was_made() {
        try (Mount mount = Mount.of(TreeBackend.create().file("f", "12345").owner("f", 7, 8))) {
            ByteBuffer out = mount.ask(Mount.STATX, mount.find("f"),
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
            ByteBuffer out = mount.ask(Mount.STATFS, Mount.ROOT, mount.body(), 80).ok().body();
            assertEquals(16, out.getLong(0));
            assertEquals(16, out.getLong(8));
            assertEquals(4, out.getLong(24));
            assertEquals(255, out.getInt(44));
            Open file = mount.create(Mount.ROOT, "f", Mount.O_RDWR, 0600);
            assertEquals(14 * 4096, mount.tryWrite(file, 0, new byte[100_000], 0).ok().body().getInt(0), "what fits");
            assertEquals(Mount.ENOSPC, mount.tryWrite(file, 14 * 4096, new byte[1], 0).error());
            mount.ask(Mount.UNLINK, Mount.ROOT, mount.body().name("f"), 0).ok();
            mount.release(file);
            mount.forget(file.node(), 1);
            assertEquals(16, mount.ask(Mount.STATFS, Mount.ROOT, mount.body(), 80).ok().body().getLong(8),
                    "all is back");
            for (int i = 0; i < 4; i++) {
                mount.mkdir(Mount.ROOT, "d" + i, 0755);
            }
            assertEquals(Mount.ENOSPC, mount.error(Mount.MKDIR, Mount.ROOT, mount.body().u64(0755).name("e"), 128));
            mount.ask(Mount.SYNCFS, Mount.ROOT, mount.body().u64(0), 0).ok();
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
            Open knob = mount.open(mount.find("knob"), Mount.O_RDWR);
            mount.write(knob, 0, "new");
            Body flush = mount.body().u64(knob.fh()).u64(0).u64(1);
            mount.ask(Mount.FLUSH, knob.node(), flush, 0).ok();
            assertEquals(List.of("new value"), written);
            knob = mount.open(knob.node(), Mount.O_WRONLY | Mount.O_TRUNC);
            mount.write(knob, 0, "all");
            mount.ask(Mount.FLUSH, knob.node(), mount.body().u64(knob.fh()).u64(0).u64(1), 0).ok();
            assertEquals(List.of("new value", "all"), written);
            knob = mount.open(knob.node(), Mount.O_WRONLY | Mount.O_TRUNC);
            assertEquals(Mount.EINVAL, mount.error(Mount.FLUSH, knob.node(),
                    mount.body().u64(knob.fh()).u64(0).u64(1), 0), "refused by the code");
        }
    }

    @Test
    void control_operations_are_refused_and_unknown_requests_are_not_there() {
        try (Mount mount = Mount.tree()) {
            assertEquals(Mount.ENOTTY, mount.error(Mount.IOCTL, Mount.ROOT, mount.body().raw(new byte[32]), 100));
            for (int opcode : new int[] {0, 7, 19, 34, 37, 40, 41, 54, 63, 64, 4096, -1}) {
                assertEquals(Mount.ENOSYS, mount.error(opcode, Mount.ROOT, mount.body().raw(new byte[64]), 100));
            }
        }
    }

    @Test
    void a_cache_of_writes_is_read_through_handles_to_write() {
        TreeBackend tree = TreeBackend.create().file("f", "0123456789");
        try (Mount mount = Mount.of(tree, FsDeviceBuilder::writebackCache)) {
            assertEquals(1 << 16, mount.init().body().getInt(12) & (1 << 16 | 1 << 12));
            Open file = mount.open(mount.find("f"), Mount.O_WRONLY | Mount.O_APPEND);
            assertEquals("0123", new String(mount.read(file, 0, 4), UTF_8));
            mount.write(file, 2, "--");
            assertEquals("01--456789", mount.content("f"), "the driver knows where the end is");
        }
        try (Mount mount = Mount.of(tree)) {
            Open file = mount.open(mount.find("f"), Mount.O_WRONLY);
            assertEquals(Mount.EBADF, mount.tryRead(file, 0, 4, 4).error());
            assertEquals(Mount.EBADF, mount.tryWrite(mount.open(file.node(), 0), 0, new byte[1], 0).error());
        }
    }

    @Test
    void users_are_mapped_both_ways() {
        TreeBackend tree = TreeBackend.create().file("f", "").owner("f", 100_005, 42);
        try (Mount mount = Mount.of(tree, choices -> choices.ids(IdMap.range(0, 100_000, 1000), IdMap.all(42, 7)))) {
            Entry entry = mount.lookup(Mount.ROOT, "f");
            assertEquals(5, entry.user());
            assertEquals(7, entry.group());
            mount.uid = 9;
            assertEquals(9, mount.mkdir(Mount.ROOT, "d", 0755).user());
            mount.ask(Mount.SETATTR, entry.node(), mount.change(2 | 4, 0, 0, 0, 11, 7), 104).ok();
            assertEquals(11, mount.getattr(entry.node()).user());
            assertEquals(Mount.EINVAL, mount.error(Mount.SETATTR, entry.node(), mount.change(2, 0, 0, 0, 1000, 0),
                    104));
            mount.uid = 1000;
            assertEquals(75, mount.error(Mount.MKDIR, Mount.ROOT, mount.body().u64(0755).name("e"), 128), "EOVERFLOW");
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
            assertEquals(Mount.EPERM, mount.error(Mount.LINK, Mount.ROOT, mount.body().u64(f.node()).name("h"), 128));
            assertEquals(Mount.EPERM, mount.error(Mount.SYMLINK, Mount.ROOT, mount.body().name("l").name("t"), 128));
            assertEquals(Mount.EPERM, mount.error(Mount.MKNOD, Mount.ROOT, mount.body().u64(0010600).u64(0).name("p"),
                    128));
            assertEquals(Mount.ENOSYS, mount.error(Mount.TMPFILE, Mount.ROOT, mount.body().u64(2).u64(0).name("#"),
                    144));
            assertEquals(Mount.ENOSYS, mount.error(Mount.GETXATTR, f.node(), mount.body().u64(0).name("user.a"), 8));
            assertEquals(Mount.ENOSYS, mount.error(Mount.FALLOCATE, f.node(), allocate(mount, f, 0, 9, 0), 0));
            assertEquals(-Mount.ENOSYS, seek(mount, f, 0, 3));
            assertEquals(Mount.ENOSYS, mount.error(Mount.COPY_FILE_RANGE, f.node(), mount.body().raw(new byte[56]), 8));
            assertEquals(Mount.EINVAL, mount.error(Mount.RENAME2, Mount.ROOT,
                    mount.body().u64(1).u32(2).u32(0).name("f").name("f"), 0), "an exchange");
        }
    }

    @Test
    void a_fault_of_the_backend_is_told_to_both_sides() {
        List<Throwable> faults = new ArrayList<>();
        try (Mount mount = Mount.of(new Least(), choices -> choices.onBackendFault(faults::add))) {
            assertEquals(Mount.EIO, mount.error(Mount.STATFS, Mount.ROOT, mount.body(), 80));
            assertEquals("disk is on fire", faults.getFirst().getMessage());
            assertEquals(1, mount.device.counters().get(FsCounter.BACKEND_FAULTS));
        }
    }
}
