// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.vhostuser;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.virtio4j.core.wire.Le32;
import io.virtio4j.core.wire.Le64;
import io.virtio4j.core.wire.StructLayout;
import io.virtio4j.host.linux.FileDescriptor;
import io.virtio4j.host.linux.MessageBuffer;
import io.virtio4j.host.linux.UnixSocket;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * One message at a time: received into a buffer, and answered from it. The payload of a reply takes the place
 * of the request's. For one thread; small messages allocate nothing. [Header]
 */
final class Message implements AutoCloseable {

    private static final StructLayout LAYOUT = StructLayout.of("vhost-user message header");
    private static final Le32 REQUEST = LAYOUT.le32("request");
    private static final Le32 FLAGS = LAYOUT.le32("flags");
    private static final Le32 SIZE = LAYOUT.le32("size");

    /** The size of a header, and where the payload starts in {@link #bytes()}. */
    static final int HEADER = LAYOUT.size(12);

    /** The longest payload. */
    static final int MOST_PAYLOAD = 4096;

    // A single 64-bit integer
    private static final Le64 U64 = new Le64(0);

    private static final int VERSION = 1;
    private static final int VERSION_MASK = 3;
    private static final int REPLY = 1 << 2;
    private static final int NEED_REPLY = 1 << 3;

    private static final FileDescriptor[] NONE = {};

    private final MessageBuffer buffer = new MessageBuffer(HEADER, MOST_PAYLOAD, MemoryTable.MOST_IN_MESSAGE);
    private final MemorySegment bytes = buffer.bytes();
    private int payload;
    private FileDescriptor[] along = NONE;

    // ── Receiving ──────────────────────────────────────────────────────────

    /**
     * Receives a message of which something is there already.
     *
     * @param patience milliseconds for each part of it
     * @return false if the front-end has closed the connection
     * @throws Refusal if the header makes no sense; where the next message begins is not known then
     * @throws IOException if the connection broke, or the message came too slowly
     */
    boolean receive(UnixSocket socket, int patience) throws IOException, Refusal {
        if (!buffer.receiveHeader(socket, patience)) {
            return false;
        }
        checkHeader();
        buffer.receivePayload(socket, payload, patience);
        return true;
    }

    /** Takes a message from bytes instead: header and payload, and no more. */
    void load(byte[] message) throws Refusal {
        buffer.descriptors().clear();
        bytes.fill((byte) 0);
        MemorySegment.copy(message, 0, bytes, JAVA_BYTE, 0, Math.min(message.length, (int) bytes.byteSize()));
        checkHeader();
        if (message.length != HEADER + payload) {
            throw new Refusal("message is cut: bytes=" + message.length + " expected=" + (HEADER + payload));
        }
    }

    private void checkHeader() throws Refusal {
        long flags = FLAGS.get(bytes, 0);
        long size = SIZE.get(bytes, 0);
        if ((flags & ~(long) NEED_REPLY) != VERSION || size > MOST_PAYLOAD) {
            throw new Refusal("header: request=" + number() + " flags=0x" + Long.toHexString(flags) + " size="
                    + size + " most=" + MOST_PAYLOAD + " version=" + (flags & VERSION_MASK));
        }
        payload = (int) size;
    }

    long number() {
        return REQUEST.get(bytes, 0);
    }

    @Nullable Request request() {
        return Request.of(number());
    }

    /** Whether an acknowledgment is wanted. [VHOST_USER_PROTOCOL_F_REPLY_ACK] */
    boolean needsReply() {
        return (FLAGS.get(bytes, 0) & NEED_REPLY) != 0;
    }

    /** How many bytes of payload came. */
    int payloadLength() {
        return payload;
    }

    /** The message: the payload starts at {@link #HEADER}. */
    MemorySegment bytes() {
        return bytes;
    }

    /** A field of the payload. */
    long get(Le32 field) {
        return field.get(bytes, HEADER);
    }

    /** A field of the payload. */
    long get(Le64 field) {
        return field.get(bytes, HEADER);
    }

    /** The payload, if it is a single 64-bit integer. */
    long u64() {
        return U64.get(bytes, HEADER);
    }

    /** Makes the payload a single 64-bit integer. */
    int u64(long value) {
        U64.set(bytes, HEADER, value);
        return Long.BYTES;
    }

    void requirePayload(int length) throws Refusal {
        if (payload != length) {
            throw new Refusal("payload: length=" + payload + " expected=" + length);
        }
    }

    /** Closes what nobody took. */
    void dropDescriptors() {
        buffer.descriptors().clear();
    }

    int descriptorCount() {
        return buffer.descriptors().size();
    }

    /** Takes the only descriptor, which is the caller's then. */
    FileDescriptor takeDescriptor() throws Refusal {
        if (descriptorCount() != 1) {
            throw new Refusal("descriptors: count=" + descriptorCount() + " expected=1");
        }
        return takeDescriptor(0);
    }

    FileDescriptor takeDescriptor(int index) {
        return buffer.descriptors().take(index);
    }

    // ── Answering ──────────────────────────────────────────────────────────

    /** Sends this along with the reply, and closes it after. */
    void attach(FileDescriptor descriptor) {
        along = new FileDescriptor[] {descriptor};
    }

    /** Sends the payload's first bytes as reply. */
    void reply(UnixSocket socket, int length, int patience) throws IOException {
        FLAGS.set(bytes, 0, VERSION | REPLY);
        SIZE.set(bytes, 0, length);
        try {
            buffer.send(socket, length, patience, along);
        } finally {
            dropAttached();
        }
    }

    /** The reply as bytes. */
    byte[] replyBytes(int length) {
        FLAGS.set(bytes, 0, VERSION | REPLY);
        SIZE.set(bytes, 0, length);
        dropAttached();
        return bytes.asSlice(0, HEADER + (long) length).toArray(JAVA_BYTE);
    }

    private void dropAttached() {
        for (FileDescriptor descriptor : along) {
            descriptor.close();
        }
        along = NONE;
    }

    @Override
    public void close() {
        dropAttached();
        buffer.close();
    }
}
