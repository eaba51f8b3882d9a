// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.vhostuser;

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
import java.nio.ByteOrder;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** A front-end that is connected to a server, made from the protocol's text alone. */
final class FrontEnd implements AutoCloseable {

    // [Front-end message types]
    static final int GET_FEATURES = 1;
    static final int SET_FEATURES = 2;
    static final int SET_OWNER = 3;
    static final int RESET_OWNER = 4;
    static final int SET_MEM_TABLE = 5;
    static final int SET_LOG_BASE = 6;
    static final int SET_LOG_FD = 7;
    static final int SET_VRING_NUM = 8;
    static final int SET_VRING_ADDR = 9;
    static final int SET_VRING_BASE = 10;
    static final int GET_VRING_BASE = 11;
    static final int SET_VRING_KICK = 12;
    static final int SET_VRING_CALL = 13;
    static final int SET_VRING_ERR = 14;
    static final int GET_PROTOCOL_FEATURES = 15;
    static final int SET_PROTOCOL_FEATURES = 16;
    static final int GET_QUEUE_NUM = 17;
    static final int SET_VRING_ENABLE = 18;
    static final int SEND_RARP = 19;
    static final int NET_SET_MTU = 20;
    static final int SET_BACKEND_REQ_FD = 21;
    static final int GET_CONFIG = 24;
    static final int SET_CONFIG = 25;
    static final int GET_INFLIGHT_FD = 31;
    static final int SET_INFLIGHT_FD = 32;
    static final int RESET_DEVICE = 34;
    static final int GET_MAX_MEM_SLOTS = 36;
    static final int ADD_MEM_REG = 37;
    static final int REM_MEM_REG = 38;
    static final int SET_STATUS = 39;
    static final int GET_STATUS = 40;
    static final int SET_DEVICE_STATE_FD = 42;
    static final int CHECK_DEVICE_STATE = 43;
    static final int GET_SHMEM_CONFIG = 44;

    static final int BACKEND_CONFIG_CHANGE_MSG = 2;
    static final int BACKEND_SHMEM_MAP = 9;
    static final int BACKEND_SHMEM_UNMAP = 10;

    static final int HEADER = 12;
    static final int VERSION = 1;
    static final int REPLY = 4;
    static final int NEED_REPLY = 8;
    static final int NO_FD = 1 << 8;

    static final long F_PROTOCOL_FEATURES = 1L << 30;
    static final long F_LOG_ALL = 1L << 26;
    static final long F_VERSION_1 = 1L << 32;
    static final long F_PACKED = 1L << 34;

    private static final int TIMEOUT = 20_000;

    final UnixSocket socket;
    private final FutureTask<Void> serving;
    private final boolean served;

    /** What was agreed on. */
    private long protocolFeatures;

    private FrontEnd(UnixSocket socket, FutureTask<Void> serving, boolean served) {
        this.served = served;
        this.socket = socket;
        this.serving = serving;
    }

    /** A front-end that has said nothing yet, served on a thread of its own. */
    static FrontEnd connect(VhostUserServer server) {
        try {
            UnixSocket[] pair = UnixSocket.pair();
            FutureTask<Void> task = new FutureTask<>(() -> server.serve(pair[1]), null);
            Thread.ofPlatform().daemon().name("serving").start(task);
            return new FrontEnd(pair[0], task, true);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** A front-end over a socket that somebody else serves. */
    static FrontEnd over(UnixSocket socket) {
        return new FrontEnd(socket, new FutureTask<>(() -> {}, null), false);
    }

    /** Agrees on every protocol feature that is offered. */
    FrontEnd negotiate() {
        return negotiate(get(GET_PROTOCOL_FEATURES));
    }

    FrontEnd negotiate(long protocolFeatures) {
        send(SET_OWNER, new byte[0]);
        send(SET_PROTOCOL_FEATURES, u64(protocolFeatures));
        this.protocolFeatures = protocolFeatures;
        return this;
    }

    boolean has(ProtocolFeature feature) {
        return (protocolFeatures & feature.mask()) != 0;
    }

    static long without(long features, ProtocolFeature... less) {
        long left = features;
        for (ProtocolFeature feature : less) {
            left &= ~(1L << feature.bit());
        }
        return left;
    }

    // ── Payloads ───────────────────────────────────────────────────────────

    static ByteBuffer payload(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    static byte[] u64(long value) {
        return payload(8).putLong(value).array();
    }

    static byte[] u32s(long first, long second) {
        return payload(8).putInt((int) first).putInt((int) second).array();
    }

    static byte[] addresses(long index, long flags, long descriptor, long used, long available, long log) {
        return payload(40).putInt((int) index).putInt((int) flags).putLong(descriptor).putLong(used)
                .putLong(available).putLong(log).array();
    }

    static byte[] region(long guest, long size, long user, long offset) {
        return payload(32).putLong(guest).putLong(size).putLong(user).putLong(offset).array();
    }

    static byte[] single(byte[] region) {
        return payload(40).putLong(0).put(region).array();
    }

    static byte[] table(long count, byte[]... regions) {
        ByteBuffer table = payload(8 + 32 * regions.length).putInt((int) count).putInt(0);
        for (byte[] region : regions) {
            table.put(region);
        }
        return table.array();
    }

    static byte[] config(long offset, long size, long flags, byte[] data) {
        return payload(12 + data.length).putInt((int) offset).putInt((int) size).putInt((int) flags)
                .put(data).array();
    }

    static byte[] inflight(long size, long offset, int queues, int queueSize) {
        return payload(24).putLong(size).putLong(offset).putShort((short) queues)
                .putShort((short) queueSize).array();
    }

    static byte[] message(int request, int flags, byte[] payload) {
        return payload(HEADER + payload.length).putInt(request).putInt(flags).putInt(payload.length)
                .put(payload).array();
    }

    // ── Messages ───────────────────────────────────────────────────────────

    void send(int request, byte[] payload, FileDescriptor... along) {
        raw(message(request, VERSION, payload), along);
    }

    void raw(byte[] bytes, FileDescriptor... along) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment segment = arena.allocate(Math.max(1, bytes.length));
            MemorySegment.copy(bytes, 0, segment, JAVA_BYTE, 0, bytes.length);
            socket.send(segment.asSlice(0, bytes.length), TIMEOUT, along);
        } catch (IOException e) {
            throw new AssertionError("server hung up: " + e.getMessage(), e);
        }
    }

    /** A reply with what came along. */
    record Reply(int request, byte[] payload, FileDescriptor descriptor) {

        ByteBuffer buffer() {
            return ByteBuffer.wrap(payload).order(ByteOrder.LITTLE_ENDIAN);
        }
    }

    Reply receive() {
        try (Arena arena = Arena.ofConfined(); ReceivedDescriptors along = new ReceivedDescriptors(4)) {
            MemorySegment header = arena.allocate(HEADER, 8);
            assertTrue(socket.receiveFully(header, along, TIMEOUT), "server hung up");
            ByteBuffer fields = header.asByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
            int request = fields.getInt();
            assertEquals(VERSION | REPLY, fields.getInt());
            MemorySegment payload = arena.allocate(Math.max(1, fields.getInt()));
            int size = header.asByteBuffer().order(ByteOrder.LITTLE_ENDIAN).getInt(8);
            if (size > 0) {
                assertTrue(socket.receiveFully(payload.asSlice(0, size), TIMEOUT));
            }
            FileDescriptor came = along.size() == 0 ? null : along.take(0);
            return new Reply(request, payload.asSlice(0, size).toArray(JAVA_BYTE), came);
        } catch (IOException e) {
            throw new AssertionError("server hung up: " + e.getMessage(), e);
        }
    }

    Reply call(int request, byte[] payload, FileDescriptor... along) {
        send(request, payload, along);
        Reply reply = receive();
        assertEquals(request, reply.request);
        return reply;
    }

    /** A question without payload, answered by a number. */
    long get(int request) {
        return call(request, new byte[0]).buffer().getLong();
    }

    /** Sends with need_reply; the acknowledgment. */
    long acknowledged(int request, byte[] payload, FileDescriptor... along) {
        raw(message(request, VERSION | NEED_REPLY, payload), along);
        Reply reply = receive();
        assertEquals(request, reply.request);
        return reply.buffer().getLong();
    }

    void accepted(int request, byte[] payload, FileDescriptor... along) {
        assertEquals(0, acknowledged(request, payload, along), "refused: request=" + request);
    }

    void refused(int request, byte[] payload, FileDescriptor... along) {
        assertTrue(acknowledged(request, payload, along) != 0, "accepted: request=" + request);
    }

    /** Everything that was sent and kicked before has been served when this returns. */
    void settle() {
        get(GET_QUEUE_NUM);
        get(GET_QUEUE_NUM);
    }

    // ── The end ────────────────────────────────────────────────────────────

    /** The server hangs up, and has cleared everything away. */
    void awaitDisconnected() {
        try (Arena arena = Arena.ofConfined(); ReceivedDescriptors along = new ReceivedDescriptors(1)) {
            MemorySegment one = arena.allocate(1);
            boolean more;
            try {
                more = socket.receive(one, along, TIMEOUT) > 0;
            } catch (IOException reset) {
                more = false; // it hung up without reading everything
            }
            assertFalse(more, "server answered instead of hanging up");
        }
        awaitEnd();
    }

    void awaitEnd() {
        try {
            if (served) {
                serving.get(TIMEOUT, TimeUnit.MILLISECONDS);
            }
        } catch (ExecutionException | InterruptedException | TimeoutException e) {
            throw new AssertionError("serving did not end well: " + e, e);
        }
    }

    @Override
    public void close() {
        socket.close();
        awaitEnd();
    }
}
