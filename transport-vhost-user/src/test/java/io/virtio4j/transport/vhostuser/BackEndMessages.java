// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.vhostuser;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.host.linux.FileDescriptor;
import io.virtio4j.host.linux.Mapping;
import io.virtio4j.host.linux.ReceivedDescriptors;
import io.virtio4j.host.linux.UnixSocket;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The front-end's end of the channel for the back-end's own messages, made from the protocol's text alone. */
final class BackEndMessages implements AutoCloseable {

    private static final int TIMEOUT = 20_000;
    private static final int MMAP_BYTES = 40;
    private static final int READ_WRITE = 1;

    /** The channel, and what the back-end is given of it. */
    final UnixSocket channel;

    /** What was mapped, by its id. */
    private final Map<Integer, Mapping> mapped = new HashMap<>();

    private BackEndMessages(UnixSocket channel) {
        this.channel = channel;
    }

    /** Gives the back-end a channel. */
    static BackEndMessages open(FrontEnd frontEnd) {
        try {
            UnixSocket[] pair = UnixSocket.pair();
            frontEnd.send(FrontEnd.SET_BACKEND_REQ_FD, new byte[0], pair[1].descriptor());
            frontEnd.settle();
            pair[1].descriptor().close();
            return new BackEndMessages(pair[0]);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** One message of the back-end's. */
    record Sent(int request, boolean needsReply, int id, long position, long length, @Nullable FileDescriptor file) {}

    /** Whether something is there to be received. */
    boolean awaitMessage(int milliseconds) {
        try {
            return channel.awaitReadable(milliseconds);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** Receives a message; {@code null} if the back-end has closed the channel. */
    @Nullable Sent receive() {
        try (Arena arena = Arena.ofConfined(); ReceivedDescriptors along = new ReceivedDescriptors(1)) {
            MemorySegment header = arena.allocate(FrontEnd.HEADER, 8);
            if (!channel.receiveFully(header, along, TIMEOUT)) {
                return null;
            }
            ByteBuffer fields = header.asByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
            int request = fields.getInt();
            int flags = fields.getInt();
            int size = fields.getInt();
            assertEquals(FrontEnd.VERSION, flags & ~FrontEnd.NEED_REPLY);
            boolean needsReply = (flags & FrontEnd.NEED_REPLY) != 0;
            if (request == FrontEnd.BACKEND_CONFIG_CHANGE_MSG) {
                assertEquals(0, size);
                return new Sent(request, needsReply, 0, 0, 0, null);
            }
            assertEquals(MMAP_BYTES, size);
            MemorySegment payload = arena.allocate(size, 8);
            assertTrue(channel.receiveFully(payload, TIMEOUT));
            ByteBuffer map = payload.asByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
            assertEquals(0, map.getLong(0) >>> Byte.SIZE, "padding");
            assertEquals(0, map.getLong(16), "regions are mapped whole");
            assertEquals(READ_WRITE, map.getLong(32));
            return new Sent(request, needsReply, map.get(0) & 0xFF, map.getLong(8), map.getLong(24),
                    along.size() == 0 ? null : along.take(0));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** The back-end closes the channel. */
    void awaitClosed() {
        try (Arena arena = Arena.ofConfined(); ReceivedDescriptors along = new ReceivedDescriptors(1)) {
            assertTrue(channel.receive(arena.allocate(1), along, TIMEOUT) < 0, "back-end goes on");
        } catch (IOException reset) {
            // closed with what it had not read
        }
    }

    /** Does what a monitor does, and says so if it is asked to: it maps what is not mapped, and unmaps what is. */
    void serve(Sent sent) {
        boolean done = sent.request == FrontEnd.BACKEND_SHMEM_MAP ? map(sent) : unmap(sent);
        if (sent.needsReply) {
            answer(sent.request, done ? 0 : 1);
        }
    }

    private boolean map(Sent sent) {
        try (FileDescriptor file = sent.file) {
            // > Mapping over an already existing map is not allowed and requests shall fail.
            if (file == null || mapped.containsKey(sent.id)) {
                return false;
            }
            mapped.put(sent.id, Mapping.shared(file, sent.position, sent.length, Mapping.Access.READ_WRITE));
            return true;
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private boolean unmap(Sent sent) {
        assertEquals(null, sent.file);
        Mapping gone = mapped.remove(sent.id);
        if (gone != null) {
            gone.close();
        }
        return gone != null;
    }

    void answer(int request, long result) {
        raw(FrontEnd.message(request, FrontEnd.VERSION | FrontEnd.REPLY, FrontEnd.u64(result)));
    }

    void raw(byte[] bytes, FileDescriptor... along) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment segment = arena.allocateFrom(ValueLayout.JAVA_BYTE, bytes);
            channel.send(segment, TIMEOUT, along);
        } catch (IOException e) {
            throw new AssertionError("back-end has closed the channel: " + e.getMessage(), e);
        }
    }

    /** What is mapped of a region; {@code null} if nothing is. */
    @Nullable MemorySegment memory(int id) {
        Mapping mapping = mapped.get(id);
        return mapping == null ? null : mapping.segment();
    }

    /** > mappings are automatically unmapped by the front-end across device reset operation */
    void unmapAll() {
        mapped.values().forEach(Mapping::close);
        mapped.clear();
    }

    @Override
    public void close() {
        unmapAll();
        channel.close();
    }
}
