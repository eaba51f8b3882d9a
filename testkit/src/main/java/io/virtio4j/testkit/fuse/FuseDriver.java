// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit.fuse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.device.VirtioDevice;
import io.virtio4j.core.transport.DeviceInstanceBuilder;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.TestDriver;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * A driver that speaks FUSE to a file system device: for tests of devices and of what they serve, without a guest.
 *
 * <pre>{@code
 * try (FuseDriver fuse = FuseDriver.mount(FsDevice.of("test", backend).build())) {
 *     FuseDriver.Open file = fuse.create(Fuse.ROOT, "greeting", Fuse.O_RDWR, 0644);
 *     fuse.write(file, 0, "hello");
 *     fuse.release(file);
 *     assertEquals("hello", fuse.content("greeting"));
 * }
 * }</pre>
 *
 * <p>Methods with a verb, such as {@link #create}, fail the test if the reply is an error; those that begin with
 * {@code try} give the reply; {@link #ask} and {@link #error} send whatever the test puts together. Of every reply it
 * is checked that the header tells its length, that an error has nothing else, and that nothing was written behind it.
 *
 * <p>One thread uses it; {@link #through} gives another one the same session by another queue.
 */
public class FuseDriver implements AutoCloseable {

    private final TestDriver driver;
    private ByteOrder order = ByteOrder.LITTLE_ENDIAN;
    private int queue = Fuse.REQUESTS;
    private int user = 1000;
    private int group = 1000;
    private long unique = 2;

    /**
     * A driver that has not begun a session: {@link #init()} does.
     *
     * @param driver a started one; closed with this
     */
    public FuseDriver(TestDriver driver) {
        this.driver = driver;
    }

    /**
     * Attaches to a device, and begins a session with every flag that Linux has.
     *
     * @param device a file system device; the caller closes it afterwards
     */
    public static FuseDriver mount(VirtioDevice device) {
        return mount(device, DriverOptions.split(), instance -> {});
    }

    /** As {@link #mount(VirtioDevice)}, with choices for the driver and the instance. */
    public static FuseDriver mount(
            VirtioDevice device, DriverOptions options, Consumer<DeviceInstanceBuilder> instance) {
        FuseDriver fuse = new FuseDriver(TestDriver.attach(device, instance).start(options));
        fuse.init();
        return fuse;
    }

    /**
     * The same session through another queue.
     *
     * @return a driver that need not be closed
     */
    public FuseDriver through(int otherQueue) {
        FuseDriver other = new FuseDriver(driver);
        other.order = order;
        other.queue = otherQueue;
        other.unique = (long) otherQueue << 40;
        return other;
    }

    /** The driver beneath. */
    public TestDriver driver() {
        return driver;
    }

    /** Sends requests of this byte order from now on; the session is of the order of its FUSE_INIT. */
    public FuseDriver order(ByteOrder newOrder) {
        order = newOrder;
        return this;
    }

    /** The byte order of requests and replies; little endian at first. */
    public ByteOrder order() {
        return order;
    }

    /** Sends requests through this queue from now on. */
    public FuseDriver queue(int newQueue) {
        queue = newQueue;
        return this;
    }

    /** Sends requests of this user and group from now on; of 1000 and 1000 before. */
    public FuseDriver caller(int newUser, int newGroup) {
        user = newUser;
        group = newGroup;
        return this;
    }

    // ── Requests ───────────────────────────────────────────────────────────

    /**
     * A reply.
     *
     * @param error the error number, positive, or 0
     * @param body what follows the header, in the session's byte order
     * @param unique the number of the request
     */
    public record Reply(int error, ByteBuffer body, long unique) {

        /** This, which is a success. */
        public Reply ok() {
            assertEquals(0, error, "errno");
            return this;
        }

        /** The bytes of the body. */
        public byte[] bytes() {
            byte[] bytes = new byte[body.remaining()];
            body.duplicate().get(bytes);
            return bytes;
        }
    }

    /** What follows the header of a request, field after field, in the driver's byte order. */
    public final class Body {

        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

        private Body() {}

        /** Two bytes. */
        public Body u16(int value) {
            return put(ByteBuffer.allocate(2).order(order).putShort((short) value));
        }

        /** Four bytes. */
        public Body u32(long value) {
            return put(ByteBuffer.allocate(4).order(order).putInt((int) value));
        }

        /** Eight bytes. */
        public Body u64(long value) {
            return put(ByteBuffer.allocate(8).order(order).putLong(value));
        }

        /** A text with a zero byte at its end. */
        public Body name(String name) {
            return raw(name.getBytes(StandardCharsets.UTF_8)).raw(new byte[1]);
        }

        /** Bytes as they are. */
        public Body raw(byte[] more) {
            bytes.writeBytes(more);
            return this;
        }

        private Body put(ByteBuffer value) {
            return raw(value.array());
        }

        /** All of it. */
        public byte[] toBytes() {
            return bytes.toByteArray();
        }
    }

    /** An empty body, to be filled. */
    public Body body() {
        return new Body();
    }

    /** A whole request with a number of its own. */
    public byte[] message(int opcode, long node, byte[] body) {
        return message(opcode, node, body, 0);
    }

    /** As {@link #message(int, long, byte[])}, with extensions at the end of the body, in units of eight bytes. */
    public byte[] message(int opcode, long node, byte[] body, int extensions) {
        unique += 2;
        return body().u32(Fuse.IN_HEADER + body.length).u32(opcode).u64(unique).u64(node)
                .u32(user).u32(group).u32(77).u16(extensions).u16(0).raw(body).toBytes();
    }

    /** The number of the last request. */
    public long lastUnique() {
        return unique;
    }

    /** Makes a request available, with room for a reply of so many bytes behind its header, and does not wait. */
    public Submitted submit(int opcode, long node, Body body, int room) {
        return driver.queue(queue).submit(message(opcode, node, body.toBytes()), Fuse.OUT_HEADER + room);
    }

    /** Exchanges a request for its reply, which has room for so many bytes behind its header. */
    public Reply ask(int opcode, long node, Body body, int room) {
        return ask(message(opcode, node, body.toBytes()), room);
    }

    /** Exchanges bytes, which need be no request, for a reply. */
    public Reply ask(byte[] message, int room) {
        return reply(driver.queue(queue).exchange(message, Fuse.OUT_HEADER + room));
    }

    /** The error number that a request is answered with, or 0. */
    public int error(int opcode, long node, Body body, int room) {
        return ask(opcode, node, body, room).error;
    }

    /** The reply in a used buffer. */
    public Reply reply(Submitted done) {
        byte[] written = done.written();
        assertTrue(written.length >= Fuse.OUT_HEADER, "reply of " + written.length + " bytes");
        done.assertNothingBeyond();
        ByteBuffer fields = ByteBuffer.wrap(written).order(order);
        assertEquals(written.length, fields.getInt(0), "length in the header");
        int error = -fields.getInt(4);
        if (error != 0) {
            assertEquals(Fuse.OUT_HEADER, written.length, "an error has nothing but a header");
        }
        return new Reply(error, fields.slice(Fuse.OUT_HEADER, written.length - Fuse.OUT_HEADER).order(order),
                fields.getLong(8));
    }

    /** Sends a request that has no reply, with high priority. */
    public void tell(int opcode, long node, Body body) {
        tell(Fuse.HIPRIO, opcode, node, body);
    }

    private void tell(int where, int opcode, long node, Body body) {
        Submitted done = driver.queue(where).exchange(message(opcode, node, body.toBytes()), 0);
        assertEquals(0, done.usedLength());
    }

    // ── Sessions ───────────────────────────────────────────────────────────

    /** Begins a session of version 7.45 with every flag that Linux has. */
    public Reply init() {
        return init(7, 45, Fuse.ALL_FLAGS).ok();
    }

    /** Asks for a session. */
    public Reply init(int major, int minor, long flags) {
        return ask(Fuse.INIT, 0, body().u32(major).u32(minor).u32(1 << 20).u32(flags).u32(flags >>> 32)
                .raw(new byte[44]), 64);
    }

    // ── Nodes ──────────────────────────────────────────────────────────────

    /**
     * A node, and its attributes.
     *
     * @param node its number
     * @param attributes {@code struct fuse_attr}
     */
    public record Entry(long node, ByteBuffer attributes) {

        /** {@code ino} */
        public long inode() {
            return attributes.getLong(0);
        }

        /** {@code size} */
        public long size() {
            return attributes.getLong(8);
        }

        /** {@code mode} */
        public int mode() {
            return attributes.getInt(60);
        }

        /** {@code nlink} */
        public int links() {
            return attributes.getInt(64);
        }

        /** {@code uid} */
        public int user() {
            return attributes.getInt(68);
        }

        /** {@code gid} */
        public int group() {
            return attributes.getInt(72);
        }
    }

    /** The entry in a reply that begins with one. */
    public Entry entry(Reply reply) {
        ByteBuffer body = reply.ok().body;
        return new Entry(body.getLong(0), body.slice(40, 88).order(order));
    }

    /** Looks a name up. */
    public Entry lookup(long parent, String name) {
        return entry(ask(Fuse.LOOKUP, parent, body().name(name), Fuse.ENTRY_OUT));
    }

    /** Looks the names of a path up, one after the other, from the root. */
    public long find(String path) {
        long at = Fuse.ROOT;
        for (String name : path.split("/")) {
            at = lookup(at, name).node;
        }
        return at;
    }

    /** Asks for attributes. */
    public Entry getattr(long node) {
        ByteBuffer body = ask(Fuse.GETATTR, node, body().u32(0).u32(0).u64(0), Fuse.ATTR_OUT).ok().body;
        return new Entry(node, body.slice(16, 88).order(order));
    }

    /**
     * The body of a SETATTR.
     *
     * @param valid which of the fields count; times are 11, 12 and 13 seconds
     */
    public Body change(int valid, long fh, long size, int mode, int newUser, int newGroup) {
        return body().u32(valid).u32(0).u64(fh).u64(size).u64(0).u64(11).u64(12).u64(13)
                .u32(14).u32(15).u32(16).u32(mode).u32(0).u32(newUser).u32(newGroup).u32(0);
    }

    /** Makes a directory. */
    public Entry mkdir(long parent, String name, int mode) {
        return entry(ask(Fuse.MKDIR, parent, body().u32(mode).u32(022).name(name), Fuse.ENTRY_OUT));
    }

    /** Takes lookups back, with high priority. */
    public void forget(long node, long lookups) {
        tell(Fuse.FORGET, node, body().u64(lookups));
    }

    /** Takes one lookup back through the queue of requests. */
    public void forgetHere(long node) {
        tell(queue, Fuse.FORGET, node, body().u64(1));
    }

    // ── Open files ─────────────────────────────────────────────────────────

    /**
     * An open file.
     *
     * @param node the number of the file
     * @param fh the number of the open file
     * @param flags {@code FOPEN} flags
     */
    public record Open(long node, long fh, int flags) {}

    /** Creates a file and opens it. */
    public Open create(long parent, String name, int flags, int mode) {
        Reply reply = ask(Fuse.CREATE, parent,
                body().u32(flags).u32(Fuse.REGULAR | mode).u32(022).u32(0).name(name),
                Fuse.ENTRY_OUT + Fuse.OPEN_OUT).ok();
        return new Open(reply.body.getLong(0), reply.body.getLong(128), reply.body.getInt(136));
    }

    /** Asks for a file to be opened. */
    public Reply tryOpen(long node, int flags) {
        return ask(Fuse.OPEN, node, body().u32(flags).u32(0), Fuse.OPEN_OUT);
    }

    /** Opens a file. */
    public Open open(long node, int flags) {
        ByteBuffer body = tryOpen(node, flags).ok().body;
        return new Open(node, body.getLong(0), body.getInt(8));
    }

    /** Asks for data, with room for so many bytes of it. */
    public Reply tryRead(Open file, long offset, long size, int room) {
        return ask(Fuse.READ, file.node,
                body().u64(file.fh).u64(offset).u32(size).u32(0).u64(0).u32(0).u32(0), room);
    }

    /** Reads; the bytes are fewer at the end of the file. */
    public byte[] read(Open file, long offset, int size) {
        return tryRead(file, offset, size, size).ok().bytes();
    }

    /** Asks for data to be written. */
    public Reply tryWrite(Open file, long offset, byte[] data, int flags) {
        return ask(Fuse.WRITE, file.node, body().u64(file.fh).u64(offset).u32(data.length).u32(flags).u64(0)
                .u32(0).u32(0).raw(data), 8);
    }

    /** Writes text; says how many bytes were. */
    public int write(Open file, long offset, String data) {
        return tryWrite(file, offset, data.getBytes(StandardCharsets.UTF_8), 0).ok().body.getInt(0);
    }

    /** Ends an open file. */
    public void release(Open file) {
        ask(Fuse.RELEASE, file.node, body().u64(file.fh).u32(0).u32(0).u64(0), 0).ok();
    }

    /** The first 4096 bytes of a file as text, from looking it up to closing it. */
    public String content(String path) {
        Open file = open(find(path), 0);
        byte[] bytes = read(file, 0, 4096);
        release(file);
        return new String(bytes, StandardCharsets.UTF_8);
    }

    // ── Open directories ───────────────────────────────────────────────────

    /**
     * An entry of a directory.
     *
     * @param name its name
     * @param inode its inode number
     * @param type what kind of file it is, as {@code DT} numbers say
     * @param next where to go on
     * @param node its number with READDIRPLUS, or 0
     */
    public record Dirent(String name, long inode, int type, long next, long node) {}

    /** Opens a directory; its number. */
    public long opendir(long node) {
        return ask(Fuse.OPENDIR, node, body().u32(0).u32(0), Fuse.OPEN_OUT).ok().body.getLong(0);
    }

    /** Lists a directory from opening to closing it, with replies of so many bytes, by READDIRPLUS or READDIR. */
    public List<Dirent> list(long node, int room, boolean plus) {
        long fh = opendir(node);
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
        ask(Fuse.RELEASEDIR, node, body().u64(fh).u32(0).u32(0).u64(0), 0).ok();
        return all;
    }

    /** The entries of one READDIRPLUS or READDIR. */
    public List<Dirent> entries(long node, long fh, long from, int room, boolean plus) {
        ByteBuffer body = ask(plus ? Fuse.READDIRPLUS : Fuse.READDIR, node,
                body().u64(fh).u64(from).u32(room).u32(0).u64(0).u32(0).u32(0), room).ok().body;
        List<Dirent> found = new ArrayList<>();
        for (int at = 0; at < body.remaining(); ) {
            long number = plus ? body.getLong(at) : 0;
            int entry = at + (plus ? Fuse.ENTRY_OUT : 0);
            int length = body.getInt(entry + 16);
            byte[] name = new byte[length];
            body.get(entry + 24, name);
            found.add(new Dirent(new String(name, StandardCharsets.UTF_8), body.getLong(entry),
                    body.getInt(entry + 20), body.getLong(entry + 8), number));
            at = entry + 24 + length + 7 & -8;
        }
        return found;
    }

    /** Closes the driver beneath, with its checks. */
    @Override
    public void close() {
        driver.close();
    }
}
