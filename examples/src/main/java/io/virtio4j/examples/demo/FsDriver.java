// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.examples.demo;

import io.virtio4j.testkit.TestDriver;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** A driver of file system devices, which speaks FUSE. [File System Device / Device Operation] */
final class FsDriver {

    static final long ROOT = 1;

    private static final int HIPRIO = 0;
    private static final int REQUESTS = 1;

    private static final int LOOKUP = 1;
    private static final int FORGET = 2;
    private static final int MKDIR = 9;
    private static final int UNLINK = 10;
    private static final int RENAME = 12;
    private static final int OPEN = 14;
    private static final int READ = 15;
    private static final int WRITE = 16;
    private static final int RELEASE = 18;
    private static final int INIT = 26;
    private static final int OPENDIR = 27;
    private static final int RELEASEDIR = 29;
    private static final int CREATE = 35;
    private static final int READDIRPLUS = 44;

    private static final int IN_HEADER = 40;
    private static final int OUT_HEADER = 16;
    private static final int ENTRY = 128;
    private static final int DIRENT = 24;
    private static final int O_RDWR = 2;

    private final TestDriver driver;
    private final RunLog log;
    private long unique;

    FsDriver(TestDriver driver, RunLog log) {
        this.driver = driver;
        this.log = log;
    }

    /** An open file. */
    record Open(long node, long handle) {}

    /** An entry of a directory. */
    record Entry(String name, long node) {}

    private static ByteBuffer body(int length) {
        return ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static byte[] text(String text) {
        return (text + '\0').getBytes(StandardCharsets.UTF_8);
    }

    private byte[] message(int opcode, long node, ByteBuffer body) {
        return body(IN_HEADER + body.capacity()).putInt(IN_HEADER + body.capacity()).putInt(opcode).putLong(++unique)
                .putLong(node).putLong(0).putLong(0).put(body.array()).array();
    }

    private ByteBuffer ask(int opcode, long node, ByteBuffer body, int room) {
        byte[] written = driver.queue(REQUESTS).exchange(message(opcode, node, body), OUT_HEADER + room).written();
        ByteBuffer reply = ByteBuffer.wrap(written).order(ByteOrder.LITTLE_ENDIAN);
        if (written.length < OUT_HEADER || reply.getInt(0) != written.length || reply.getInt(4) != 0
                || reply.getLong(8) != unique) {
            throw new IllegalStateException("request failed: opcode=" + opcode + " node=" + node + " errno="
                    + (written.length < OUT_HEADER ? "?" : -reply.getInt(4)));
        }
        log.operation(body.capacity() + written.length - OUT_HEADER);
        return reply.slice(OUT_HEADER, written.length - OUT_HEADER).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Begins a session; the version that both have. */
    String mount() {
        ByteBuffer reply = ask(INIT, 0, body(64).putInt(7).putInt(45).putInt(1 << 20).putInt(-1).putInt(-1), 64);
        return reply.getInt(0) + "." + reply.getInt(4);
    }

    long lookup(long directory, String name) {
        byte[] text = text(name);
        return ask(LOOKUP, directory, body(text.length).put(text), ENTRY).getLong(0);
    }

    void forget(long node, long lookups) {
        driver.queue(HIPRIO).exchange(message(FORGET, node, body(8).putLong(lookups)), 0);
        log.operation(8);
    }

    long makeDirectory(long directory, String name) {
        byte[] text = text(name);
        return ask(MKDIR, directory, body(8 + text.length).putInt(0755).putInt(0).put(text), ENTRY).getLong(0);
    }

    Open create(long directory, String name) {
        byte[] text = text(name);
        ByteBuffer reply = ask(CREATE, directory,
                body(16 + text.length).putInt(O_RDWR).putInt(0100644).putLong(0).put(text), ENTRY + 16);
        return new Open(reply.getLong(0), reply.getLong(ENTRY));
    }

    Open open(long node) {
        return new Open(node, ask(OPEN, node, body(8), 16).getLong(0));
    }

    void write(Open file, byte[] content) {
        ByteBuffer reply = ask(WRITE, file.node, body(40 + content.length).putLong(file.handle).putLong(0)
                .putInt(content.length).position(40).put(content), 8);
        if (reply.getInt(0) != content.length) {
            throw new IllegalStateException("written in part: bytes=" + reply.getInt(0));
        }
    }

    byte[] read(Open file, int length) {
        ByteBuffer reply = ask(READ, file.node, body(40).putLong(file.handle).putLong(0).putInt(length), length);
        byte[] content = new byte[reply.remaining()];
        reply.get(content);
        return content;
    }

    void release(Open file) {
        ask(RELEASE, file.node, body(24).putLong(file.handle), 0);
    }

    void rename(long directory, String name, long newDirectory, String newName) {
        byte[] first = text(name);
        byte[] second = text(newName);
        ask(RENAME, directory, body(8 + first.length + second.length).putLong(newDirectory).put(first).put(second), 0);
    }

    void unlink(long directory, String name) {
        byte[] text = text(name);
        ask(UNLINK, directory, body(text.length).put(text), 0);
    }

    /** All entries but those of the directory itself and the one above, each looked up. */
    List<Entry> list(long directory) {
        long handle = ask(OPENDIR, directory, body(8), 16).getLong(0);
        List<Entry> found = new ArrayList<>();
        long from = 0;
        for (boolean more = true; more; ) {
            ByteBuffer reply = ask(READDIRPLUS, directory, body(40).putLong(handle).putLong(from).putInt(4096), 4096);
            more = reply.hasRemaining();
            for (int at = 0; at < reply.remaining(); ) {
                byte[] name = new byte[reply.getInt(at + ENTRY + 16)];
                reply.get(at + ENTRY + DIRENT, name);
                from = reply.getLong(at + ENTRY + 8);
                if (reply.getLong(at) != 0) {
                    found.add(new Entry(new String(name, StandardCharsets.UTF_8), reply.getLong(at)));
                }
                at += ENTRY + DIRENT + name.length + 7 & -8;
            }
        }
        ask(RELEASEDIR, directory, body(24).putLong(handle), 0);
        return found;
    }
}
