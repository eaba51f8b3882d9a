// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.transport.DeviceInstanceBuilder;
import io.virtio4j.fs.backend.FsBackend;
import io.virtio4j.fs.tree.TreeBackend;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.TestDriver;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/** A file system device and a driver that speaks FUSE to it, with structures of its own. */
final class Mount implements AutoCloseable {

    static final int LOOKUP = 1;
    static final int FORGET = 2;
    static final int GETATTR = 3;
    static final int SETATTR = 4;
    static final int READLINK = 5;
    static final int SYMLINK = 6;
    static final int MKNOD = 8;
    static final int MKDIR = 9;
    static final int UNLINK = 10;
    static final int RMDIR = 11;
    static final int RENAME = 12;
    static final int LINK = 13;
    static final int OPEN = 14;
    static final int READ = 15;
    static final int WRITE = 16;
    static final int STATFS = 17;
    static final int RELEASE = 18;
    static final int FSYNC = 20;
    static final int SETXATTR = 21;
    static final int GETXATTR = 22;
    static final int LISTXATTR = 23;
    static final int REMOVEXATTR = 24;
    static final int FLUSH = 25;
    static final int INIT = 26;
    static final int OPENDIR = 27;
    static final int READDIR = 28;
    static final int RELEASEDIR = 29;
    static final int FSYNCDIR = 30;
    static final int GETLK = 31;
    static final int SETLK = 32;
    static final int SETLKW = 33;
    static final int CREATE = 35;
    static final int INTERRUPT = 36;
    static final int DESTROY = 38;
    static final int IOCTL = 39;
    static final int BATCH_FORGET = 42;
    static final int FALLOCATE = 43;
    static final int READDIRPLUS = 44;
    static final int RENAME2 = 45;
    static final int LSEEK = 46;
    static final int COPY_FILE_RANGE = 47;
    static final int SETUPMAPPING = 48;
    static final int REMOVEMAPPING = 49;
    static final int SYNCFS = 50;
    static final int TMPFILE = 51;
    static final int STATX = 52;
    static final int COPY_FILE_RANGE_64 = 53;

    static final int ENOENT = 2;
    static final int EINTR = 4;
    static final int EIO = 5;
    static final int ENXIO = 6;
    static final int EBADF = 9;
    static final int EAGAIN = 11;
    static final int EEXIST = 17;
    static final int ENOTDIR = 20;
    static final int EISDIR = 21;
    static final int EINVAL = 22;
    static final int ENFILE = 23;
    static final int ENOTTY = 25;
    static final int ENOSPC = 28;
    static final int EPERM = 1;
    static final int EROFS = 30;
    static final int ERANGE = 34;
    static final int EDEADLK = 35;
    static final int ENAMETOOLONG = 36;
    static final int ENOSYS = 38;
    static final int ENOTEMPTY = 39;
    static final int ENODATA = 61;
    static final int EPROTO = 71;
    static final int EOPNOTSUPP = 95;
    static final int ESTALE = 116;

    static final long ROOT = 1;
    static final int HIPRIO = 0;
    static final int REQUESTS = 1;

    static final int O_WRONLY = 1;
    static final int O_RDWR = 2;
    static final int O_EXCL = 0200;
    static final int O_TRUNC = 01000;
    static final int O_APPEND = 02000;

    static final int IN_HEADER = 40;
    static final int OUT_HEADER = 16;
    static final int ENTRY_OUT = 128;
    static final int ATTR_OUT = 104;

    /** All flags that Linux 7.2 offers. */
    static final long ALL_FLAGS = 0x7FF_7FFF_FFFFL;

    final FsDevice device;
    final TestDriver driver;
    ByteOrder order = ByteOrder.LITTLE_ENDIAN;
    int queue = REQUESTS;
    int uid = 1000;
    int gid = 1000;
    private long unique = 2;

    private Mount(FsDevice device, TestDriver driver) {
        this.device = device;
        this.driver = driver;
    }

    static Mount of(FsBackend backend) {
        return of(backend, choices -> choices);
    }

    static Mount of(FsBackend backend, UnaryOperator<FsDeviceBuilder> choices) {
        return of(backend, choices, DriverOptions.split(), instance -> {});
    }

    static Mount of(FsBackend backend, UnaryOperator<FsDeviceBuilder> choices, DriverOptions options,
            Consumer<DeviceInstanceBuilder> instance) {
        Mount mount = attach(backend, choices, options, instance);
        mount.init();
        return mount;
    }

    /** A driver that has not begun a session. */
    static Mount attach(FsBackend backend, UnaryOperator<FsDeviceBuilder> choices, DriverOptions options,
            Consumer<DeviceInstanceBuilder> instance) {
        FsDevice device = choices.apply(FsDevice.of("test", backend)).build();
        return new Mount(device, TestDriver.attach(device, instance).start(options));
    }

    /** The same session through another queue, for another thread; not to be closed. */
    Mount through(int otherQueue) {
        Mount other = new Mount(device, driver);
        other.queue = otherQueue;
        other.unique = (long) otherQueue << 40;
        return other;
    }

    static Mount tree() {
        return of(TreeBackend.create());
    }

    // ── Requests ───────────────────────────────────────────────────────────

    /** A reply: the error number, positive or 0, and what follows the header. */
    record Reply(int error, ByteBuffer body, long unique) {

        Reply ok() {
            assertEquals(0, error, "errno");
            return this;
        }

        byte[] bytes() {
            byte[] bytes = new byte[body.remaining()];
            body.duplicate().get(bytes);
            return bytes;
        }
    }

    /** Fields of a structure, one after the other. */
    final class Body {

        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

        Body u16(int value) {
            return put(ByteBuffer.allocate(2).order(order).putShort((short) value));
        }

        Body u32(long value) {
            return put(ByteBuffer.allocate(4).order(order).putInt((int) value));
        }

        Body u64(long value) {
            return put(ByteBuffer.allocate(8).order(order).putLong(value));
        }

        Body name(String name) {
            return raw(name.getBytes(StandardCharsets.UTF_8)).raw(new byte[1]);
        }

        Body raw(byte[] more) {
            bytes.writeBytes(more);
            return this;
        }

        private Body put(ByteBuffer value) {
            return raw(value.array());
        }

        byte[] toBytes() {
            return bytes.toByteArray();
        }
    }

    Body body() {
        return new Body();
    }

    byte[] message(int opcode, long node, byte[] body) {
        return message(opcode, node, body, 0);
    }

    byte[] message(int opcode, long node, byte[] body, int extensions) {
        unique += 2;
        return body().u32(IN_HEADER + body.length).u32(opcode).u64(unique).u64(node)
                .u32(uid).u32(gid).u32(77).u16(extensions).u16(0).raw(body).toBytes();
    }

    long lastUnique() {
        return unique;
    }

    Submitted submit(int opcode, long node, Body body, int room) {
        return driver.queue(queue).submit(message(opcode, node, body.toBytes()), OUT_HEADER + room);
    }

    Reply ask(int opcode, long node, Body body, int room) {
        return ask(message(opcode, node, body.toBytes()), room);
    }

    Reply ask(byte[] message, int room) {
        return reply(driver.queue(queue).exchange(message, OUT_HEADER + room));
    }

    /** Parses a used buffer; its header was looked at. */
    Reply reply(Submitted done) {
        byte[] written = done.written();
        assertTrue(written.length >= OUT_HEADER, "reply of " + written.length + " bytes");
        done.assertNothingBeyond();
        ByteBuffer fields = ByteBuffer.wrap(written).order(order);
        assertEquals(written.length, fields.getInt(0), "length in the header");
        int error = -fields.getInt(4);
        if (error != 0) {
            assertEquals(OUT_HEADER, written.length, "an error has nothing but a header");
        }
        return new Reply(error, fields.slice(OUT_HEADER, written.length - OUT_HEADER).order(order), fields.getLong(8));
    }

    int error(int opcode, long node, Body body, int room) {
        return ask(opcode, node, body, room).error;
    }

    /** Without an answer, on the high priority queue. */
    void tell(int opcode, long node, Body body) {
        Submitted done = driver.queue(HIPRIO).exchange(message(opcode, node, body.toBytes()), 0);
        assertEquals(0, done.usedLength());
    }

    // ── What drivers ask ───────────────────────────────────────────────────

    Reply init() {
        return init(7, 45, ALL_FLAGS).ok();
    }

    Reply init(int major, int minor, long flags) {
        return ask(INIT, 0, body().u32(major).u32(minor).u32(1 << 20).u32(flags).u32(flags >>> 32)
                .raw(new byte[44]), 64);
    }

    /** An entry: node, and attributes. */
    record Entry(long node, ByteBuffer attributes) {

        long inode() {
            return attributes.getLong(0);
        }

        long size() {
            return attributes.getLong(8);
        }

        int mode() {
            return attributes.getInt(60);
        }

        int links() {
            return attributes.getInt(64);
        }

        int user() {
            return attributes.getInt(68);
        }

        int group() {
            return attributes.getInt(72);
        }
    }

    Entry entry(Reply reply) {
        ByteBuffer body = reply.ok().body;
        return new Entry(body.getLong(0), body.slice(40, 88).order(order));
    }

    Entry lookup(long parent, String name) {
        return entry(ask(LOOKUP, parent, body().name(name), ENTRY_OUT));
    }

    /** Follows a path from the root. */
    long find(String path) {
        long at = ROOT;
        for (String name : path.split("/")) {
            at = lookup(at, name).node;
        }
        return at;
    }

    Entry getattr(long node) {
        ByteBuffer body = ask(GETATTR, node, body().u32(0).u32(0).u64(0), ATTR_OUT).ok().body;
        return new Entry(node, body.slice(16, 88).order(order));
    }

    Body change(int valid, long fh, long size, int mode, int user, int group) {
        return body().u32(valid).u32(0).u64(fh).u64(size).u64(0).u64(11).u64(12).u64(13)
                .u32(14).u32(15).u32(16).u32(mode).u32(0).u32(user).u32(group).u32(0);
    }

    Entry mkdir(long parent, String name, int mode) {
        return entry(ask(MKDIR, parent, body().u32(mode).u32(022).name(name), ENTRY_OUT));
    }

    /** An open file. */
    record Open(long node, long fh, int flags) {}

    Open create(long parent, String name, int flags, int mode) {
        Reply reply = ask(CREATE, parent, body().u32(flags).u32(0100000 | mode).u32(022).u32(0).name(name), 144).ok();
        return new Open(reply.body.getLong(0), reply.body.getLong(128), reply.body.getInt(136));
    }

    Reply tryOpen(long node, int flags) {
        return ask(OPEN, node, body().u32(flags).u32(0), 16);
    }

    Open open(long node, int flags) {
        ByteBuffer body = tryOpen(node, flags).ok().body;
        return new Open(node, body.getLong(0), body.getInt(8));
    }

    Reply tryRead(Open file, long offset, long size, int room) {
        return ask(READ, file.node, body().u64(file.fh).u64(offset).u32(size).u32(0).u64(0).u32(0).u32(0), room);
    }

    byte[] read(Open file, long offset, int size) {
        return tryRead(file, offset, size, size).ok().bytes();
    }

    Reply tryWrite(Open file, long offset, byte[] data, int flags) {
        return ask(WRITE, file.node, body().u64(file.fh).u64(offset).u32(data.length).u32(flags).u64(0).u32(0).u32(0)
                .raw(data), 8);
    }

    int write(Open file, long offset, String data) {
        return tryWrite(file, offset, data.getBytes(StandardCharsets.UTF_8), 0).ok().body.getInt(0);
    }

    void release(Open file) {
        ask(RELEASE, file.node, body().u64(file.fh).u32(0).u32(0).u64(0), 0).ok();
    }

    /** All of a file, from opening to closing it. */
    String content(String path) {
        Open file = open(find(path), 0);
        byte[] bytes = read(file, 0, 4096);
        release(file);
        return new String(bytes, StandardCharsets.UTF_8);
    }

    /** An entry of a directory. */
    record Dirent(String name, long inode, int type, long next, long node) {}

    List<Dirent> list(long node, int room, boolean plus) {
        Reply opened = ask(OPENDIR, node, body().u32(0).u32(0), 16).ok();
        long fh = opened.body.getLong(0);
        List<Dirent> all = new ArrayList<>();
        long from = 0;
        while (true) {
            List<Dirent> some = entries(node, fh, from, room, plus);
            if (some.isEmpty()) {
                break;
            }
            all.addAll(some);
            from = some.getLast().next;
        }
        ask(RELEASEDIR, node, body().u64(fh).u32(0).u32(0).u64(0), 0).ok();
        return all;
    }

    List<Dirent> entries(long node, long fh, long from, int room, boolean plus) {
        ByteBuffer body = ask(plus ? READDIRPLUS : READDIR, node,
                body().u64(fh).u64(from).u32(room).u32(0).u64(0).u32(0).u32(0), room).ok().body;
        List<Dirent> found = new ArrayList<>();
        for (int at = 0; at < body.remaining(); ) {
            long number = plus ? body.getLong(at) : 0;
            int entry = at + (plus ? ENTRY_OUT : 0);
            int length = body.getInt(entry + 16);
            byte[] name = new byte[length];
            body.get(entry + 24, name);
            found.add(new Dirent(new String(name, StandardCharsets.UTF_8), body.getLong(entry),
                    body.getInt(entry + 20), body.getLong(entry + 8), number));
            at = entry + 24 + length + 7 & -8;
        }
        return found;
    }

    /** As a driver with one queue would: through that of requests. */
    void forgetHere(long node) {
        Submitted done = driver.queue(queue).exchange(message(FORGET, node, body().u64(1).toBytes()), 0);
        assertEquals(0, done.usedLength());
    }

    void forget(long node, long lookups) {
        tell(FORGET, node, body().u64(lookups));
    }

    @Override
    public void close() {
        driver.close();
        try {
            device.close();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
