// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.vfiouser;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.host.linux.FileDescriptor;
import io.virtio4j.host.linux.ReceivedDescriptors;
import io.virtio4j.host.linux.UnixSocket;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/** A vfio-user client that sends what it is told, also what it must not. For one thread at a time. */
final class Client implements AutoCloseable {

    /** What QEMU proposes. */
    static final String QEMU = "{\"capabilities\": {\"migration\": {\"pgsize\": 4096, \"max_bitmap_size\": "
            + "268435456}, \"max_msg_fds\": 16, \"max_data_xfer_size\": 1048576, \"pgsizes\": 4096, "
            + "\"max_dma_maps\": 65535, \"write_multiple\": true}}";

    private static final long PATIENCE_MILLIS = 20_000;

    /** A reply. The fields of its payload follow each other in {@link #data()}. */
    record Reply(int id, int command, int flags, int error, byte[] payload) {

        boolean failed() {
            return (flags & Wire.ERROR) != 0;
        }

        ByteBuffer data() {
            return Wire.read(payload);
        }
    }

    private final UnixSocket socket;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment buffer = arena.allocate(Wire.MOST_MESSAGE, 8);
    private final ReceivedDescriptors descriptors = new ReceivedDescriptors(4);
    private int nextId = 0xFFF0; // wraps soon

    Client(UnixSocket socket) {
        this.socket = socket;
    }

    UnixSocket socket() {
        return socket;
    }

    // ── Messages ───────────────────────────────────────────────────────────

    /** Sends bytes as they are. */
    void send(byte[] bytes, FileDescriptor... with) {
        try (Arena here = Arena.ofConfined()) {
            socket.send(here.allocateFrom(JAVA_BYTE, bytes), PATIENCE_MILLIS, with);
        } catch (IOException e) {
            throw new AssertionError("cannot send: " + e.getMessage(), e);
        }
    }

    /** The next reply; {@code null} if the server closed the connection. */
    Reply receive() {
        return receive(0);
    }

    private Reply receive(int expectedDescriptors) {
        try {
            if (!socket.receiveFully(buffer.asSlice(0, Wire.HEADER), descriptors, PATIENCE_MILLIS)) {
                return null;
            }
            assertEquals(expectedDescriptors, descriptors.size(), "descriptors in a reply");
            ByteBuffer header = Wire.read(buffer.asSlice(0, Wire.HEADER).toArray(JAVA_BYTE));
            int id = header.getShort() & 0xFFFF;
            int command = header.getShort() & 0xFFFF;
            int size = header.getInt();
            int flags = header.getInt();
            int error = header.getInt();
            assertTrue(size >= Wire.HEADER && size <= Wire.MOST_MESSAGE, "size of a reply: " + size);
            MemorySegment payload = buffer.asSlice(Wire.HEADER, size - Wire.HEADER);
            assertTrue(size == Wire.HEADER || socket.receiveFully(payload, PATIENCE_MILLIS));
            assertEquals(Wire.TYPE_REPLY, flags & ~Wire.ERROR, "flags of a reply");
            return new Reply(id, command, flags, error, payload.toArray(JAVA_BYTE));
        } catch (IOException e) {
            throw new AssertionError("no reply: " + e.getMessage(), e);
        }
    }

    /** Sends a command, and takes its reply, of whatever kind. */
    Reply ask(int command, byte[] payload, FileDescriptor... with) {
        return ask(0, command, payload, with);
    }

    private Reply ask(int expectedDescriptors, int command, byte[] payload, FileDescriptor... with) {
        int id = nextId++ & 0xFFFF;
        send(Wire.message(id, command, 0, payload), with);
        Reply reply = receive(expectedDescriptors);
        assertTrue(reply != null, "connection was closed instead of a reply: command=" + command);
        assertEquals(id, reply.id, "ID of the reply");
        assertEquals(command, reply.command, "command of the reply");
        if (reply.failed()) {
            assertEquals(0, reply.payload.length, "an error reply is its header alone");
        }
        return reply;
    }

    /** Sends a command that has to succeed. */
    ByteBuffer call(int command, byte[] payload, FileDescriptor... with) {
        Reply reply = ask(command, payload, with);
        assertFalse(reply.failed(), () -> "refused: command=" + command + " error=" + reply.error);
        assertEquals(0, reply.error);
        return reply.data();
    }

    /** A region's description, and the file to map it from. */
    record ToMap(ByteBuffer info, FileDescriptor file) {}

    /** Asks about a region that can be mapped. */
    ToMap regionToMap(int index, int room) {
        Reply reply = ask(1, Wire.DEVICE_GET_REGION_INFO, Wire.regionInfo(index, room));
        assertFalse(reply.failed());
        return new ToMap(reply.data(), descriptors.take(0));
    }

    /** Sends a command that has to be refused, for this reason. */
    void refused(int errno, int command, byte[] payload, FileDescriptor... with) {
        Reply reply = ask(command, payload, with);
        assertTrue(reply.failed(), "not refused: command=" + command);
        assertEquals(errno, reply.error);
    }

    /** Sends a command that no reply is due to. */
    void post(int command, byte[] payload, FileDescriptor... with) {
        send(Wire.message(nextId++ & 0xFFFF, command, Wire.NO_REPLY, payload), with);
    }

    /** The server closes the connection, and has sent nothing before. */
    void assertClosed() {
        assertTrue(endsNow(), "connection goes on");
    }

    private boolean endsNow() {
        try {
            return !socket.receiveFully(buffer.asSlice(0, 1), descriptors, PATIENCE_MILLIS);
        } catch (IOException reset) {
            return reset.getMessage().contains("ECONNRESET");
        }
    }

    // ── What a good client sends ───────────────────────────────────────────

    Client negotiate() {
        ByteBuffer reply = call(Wire.VERSION, Wire.version(0, 0, QEMU));
        assertEquals(0, reply.getShort());
        assertEquals(0, reply.getShort());
        return this;
    }

    void map(int flags, long offset, long address, long size, FileDescriptor... with) {
        assertEquals(0, call(Wire.DMA_MAP, Wire.map(flags, offset, address, size), with).remaining());
    }

    void unmap(long address, long size) {
        byte[] request = Wire.unmap(0, address, size);
        assertEquals(Wire.read(request), call(Wire.DMA_UNMAP, request));
    }

    /** The size of a region. */
    long regionSize(int index) {
        return call(Wire.DEVICE_GET_REGION_INFO, Wire.regionInfo(index)).getLong(16);
    }

    long read(int region, long offset, int width) {
        ByteBuffer data = call(Wire.REGION_READ, Wire.access(region, offset, width));
        assertEquals(16 + width, data.remaining());
        assertEquals(Wire.read(Wire.access(region, offset, width)), data.slice(0, 16));
        long value = 0;
        for (int i = width - 1; i >= 0; i--) {
            value = value << 8 | data.get(16 + i) & 0xFF;
        }
        return value;
    }

    void write(int region, long offset, int width, long value) {
        byte[] request = Wire.access(region, offset, width, Wire.payload().put(value, width).bytes());
        assertEquals(Wire.read(Wire.access(region, offset, width)), call(Wire.REGION_WRITE, request));
    }

    void setInterrupts(int flags, int index, int start, int count, FileDescriptor... with) {
        byte[] request = Wire.interrupts(flags, index, start, count);
        assertEquals(0, call(Wire.DEVICE_SET_IRQS, request, with).remaining());
    }

    void reset() {
        assertEquals(0, call(Wire.DEVICE_RESET, new byte[0]).remaining());
    }

    /** Any good request. */
    void assertServed() {
        ByteBuffer info = call(Wire.DEVICE_GET_INFO, Wire.deviceInfo());
        assertEquals(16, info.remaining());
        assertEquals(9, info.getInt(8));
        assertEquals(5, info.getInt(12));
    }

    /** Again, it does nothing. */
    @Override
    public void close() {
        if (arena.scope().isAlive()) {
            socket.close();
            descriptors.close();
            arena.close();
        }
    }
}
