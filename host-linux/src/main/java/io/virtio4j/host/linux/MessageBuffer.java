// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.host.linux;

import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * One message at a time of a protocol whose messages begin with a header of fixed size that says how
 * long they are, and may carry descriptors. A message is received into the buffer and answered from
 * it. For one thread, that which made it; receiving and sending small messages allocates nothing.
 *
 * <p>The header is received by itself, since descriptors come with the first byte of their message
 * and must not be mixed up with those of the next.
 */
public final class MessageBuffer implements AutoCloseable {
    /** Slices up to this length are kept. */
    private static final int SMALL = 64;

    /** Named, since without arguments every call makes an array. */
    private static final FileDescriptor[] NO_DESCRIPTORS = {};

    private final int header;
    private final Arena arena = Arena.ofConfined();
    private final MemorySegment bytes;
    private final MemorySegment headerOnly;
    private final @Nullable MemorySegment[] payloads = new @Nullable MemorySegment[SMALL + 1];
    private final @Nullable MemorySegment[] wholes = new @Nullable MemorySegment[SMALL + 1];
    private final ReceivedDescriptors descriptors;

    /**
     * Makes room for messages.
     *
     * @param header the size of a header in bytes
     * @param mostPayload the most bytes that may follow it
     * @param mostDescriptors the most descriptors that may come along, at most
     *        {@link ReceivedDescriptors#MAX}
     */
    public MessageBuffer(int header, int mostPayload, int mostDescriptors) {
        this.header = header;
        this.descriptors = new ReceivedDescriptors(mostDescriptors);
        this.bytes = arena.allocate(header + (long) mostPayload, 8);
        this.headerOnly = bytes.asSlice(0, header);
    }

    /** {@return the message: the header, and the payload behind it} */
    public MemorySegment bytes() {
        return bytes;
    }

    /** {@return what came along; what nobody takes is closed when the next header is received} */
    public ReceivedDescriptors descriptors() {
        return descriptors;
    }

    /**
     * Receives a header, and the descriptors of its message.
     *
     * @param timeoutMillis for the whole header; 0 does not wait, negative waits without limit
     * @return {@code false} if the peer has closed the connection
     * @throws IOException as {@link UnixSocket#receiveFully(MemorySegment, ReceivedDescriptors, long)}
     */
    public boolean receiveHeader(UnixSocket socket, long timeoutMillis) throws IOException {
        descriptors.clear();
        return socket.receiveFully(headerOnly, descriptors, timeoutMillis);
    }

    /**
     * Receives what follows the header.
     *
     * @param length in bytes, at most what there is room for
     * @param timeoutMillis for all of it; 0 does not wait, negative waits without limit
     * @throws EOFException if the peer closes the connection before
     * @throws IOException as {@link UnixSocket#receiveFully(MemorySegment, long)}
     */
    public void receivePayload(UnixSocket socket, int length, long timeoutMillis)
            throws IOException {
        if (length > 0 && !socket.receiveFully(slice(payloads, header, length), timeoutMillis)) {
            throw new EOFException("peer closed the connection after a header");
        }
    }

    /** Sends as {@link #send(UnixSocket, int, long, FileDescriptor...)} does, without descriptors. */
    public void send(UnixSocket socket, int length, long timeoutMillis) throws IOException {
        send(socket, length, timeoutMillis, NO_DESCRIPTORS);
    }

    /**
     * Sends the header and the first bytes behind it.
     *
     * @param length how many bytes behind it
     * @param timeoutMillis 0 does not wait, negative waits without limit
     * @param along stay the caller's
     * @throws IOException as {@link UnixSocket#send}
     */
    public void send(UnixSocket socket, int length, long timeoutMillis, FileDescriptor... along)
            throws IOException {
        socket.send(slice(wholes, 0, length), timeoutMillis, along);
    }

    /** A part of the message; {@code length} is that of the payload, which the part ends with. */
    private MemorySegment slice(@Nullable MemorySegment[] kept, int from, int length) {
        MemorySegment part = length <= SMALL ? kept[length] : null;
        if (part == null) {
            part = bytes.asSlice(from, header - from + (long) length);
            if (length <= SMALL) {
                kept[length] = part;
            }
        }
        return part;
    }

    /** Closes the descriptors that nobody took, and gives the memory back. */
    @Override
    public void close() {
        descriptors.close();
        arena.close();
    }
}
