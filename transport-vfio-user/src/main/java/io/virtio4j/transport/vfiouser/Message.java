// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.vfiouser;

import io.virtio4j.core.wire.Le16;
import io.virtio4j.core.wire.Le32;
import io.virtio4j.core.wire.StructLayout;
import io.virtio4j.host.linux.FileDescriptor;
import io.virtio4j.host.linux.MessageBuffer;
import io.virtio4j.host.linux.ReceivedDescriptors;
import io.virtio4j.host.linux.UnixSocket;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * One message at a time: received into a buffer, and answered from it. The payload of a reply takes the
 * place of the request's, which most replies begin with. For one thread; receiving and answering small
 * messages allocates nothing. [Header]
 */
final class Message implements AutoCloseable {

    private static final StructLayout LAYOUT = StructLayout.of("vfio-user message header");
    private static final Le16 ID = LAYOUT.le16("Message ID");
    private static final Le16 COMMAND = LAYOUT.le16("Command");
    private static final Le32 SIZE = LAYOUT.le32("Message size");
    private static final Le32 FLAGS = LAYOUT.le32("Flags");
    private static final Le32 ERROR = LAYOUT.le32("Error");

    /** The size of a header, and where the payload starts in {@link #bytes()}. */
    static final int HEADER = LAYOUT.size(16);

    /** The most data of one access. */
    static final int MOST_DATA = 1 << 20;

    /** The most descriptors that may come with a message. */
    static final int MOST_DESCRIPTORS = 16;

    /** What describes an access, before its data. */
    private static final int ACCESS = 16;

    private static final int MOST_PAYLOAD = ACCESS + MOST_DATA;

    // Flags
    private static final int TYPE = 0xF;
    private static final int TYPE_COMMAND = 0;
    private static final int TYPE_REPLY = 1;
    private static final int NO_REPLY = 1 << 4;
    private static final int HAS_ERROR = 1 << 5;

    private final MessageBuffer buffer = new MessageBuffer(HEADER, MOST_PAYLOAD, MOST_DESCRIPTORS);
    private final MemorySegment bytes = buffer.bytes();
    private final ReceivedDescriptors descriptors = buffer.descriptors();

    private int payload;
    private @Nullable FileDescriptor along;

    // ── Receiving ──────────────────────────────────────────────────────────

    /**
     * Receives the next message.
     *
     * @return false if the client has closed the connection
     * @throws Refusal if the header makes no sense; where the next message begins is not known then
     * @throws IOException if the connection broke
     */
    boolean receive(UnixSocket socket) throws IOException, Refusal {
        if (!buffer.receiveHeader(socket, -1)) {
            return false;
        }
        long size = SIZE.get(bytes, 0);
        if (size < HEADER || size > HEADER + MOST_PAYLOAD) {
            throw Refusal.invalid("message size: size=" + size + " least=" + HEADER + " most="
                    + (HEADER + MOST_PAYLOAD));
        }
        along = null; // of a message that wanted no reply
        payload = (int) size - HEADER;
        buffer.receivePayload(socket, payload, -1);
        return true;
    }

    int id() {
        return ID.get(bytes, 0);
    }

    Command command() {
        return Command.of(commandNumber());
    }

    int commandNumber() {
        return COMMAND.get(bytes, 0);
    }

    boolean isCommand() {
        return (FLAGS.get(bytes, 0) & TYPE) == TYPE_COMMAND;
    }

    /** Whether the client waits for a reply. */
    boolean wantsReply() {
        return isCommand() && (FLAGS.get(bytes, 0) & NO_REPLY) == 0;
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

    /** Sets a field of the payload. */
    void set(Le32 field, long value) {
        field.set(bytes, HEADER, value);
    }

    /** What came along; what nobody takes is closed before the next message. */
    ReceivedDescriptors descriptors() {
        return descriptors;
    }

    void requirePayload(int length) throws Refusal {
        if (payload != length) {
            throw Refusal.invalid("payload: length=" + payload + " expected=" + length);
        }
    }

    /** For requests whose reply has their form: clients may know of more fields than are looked at here. */
    void requirePayloadAndRoom(int length, Le32 argsz) throws Refusal {
        if (payload < length || get(argsz) < length) {
            throw Refusal.invalid("payload or room for the reply: length=" + payload + " argsz="
                    + (payload < argsz.offset() + Integer.BYTES ? "none" : get(argsz)) + " least="
                    + length);
        }
    }

    void requireNoDescriptors() throws Refusal {
        if (descriptors.size() != 0) {
            throw Refusal.invalid("descriptors came where none belong: count=" + descriptors.size());
        }
    }

    // ── Answering ──────────────────────────────────────────────────────────

    /** Has a descriptor sent along with a reply that is no error; stays the owner's. */
    void attach(FileDescriptor descriptor) {
        along = descriptor;
    }

    /** Sends the payload's first bytes as reply. */
    void reply(UnixSocket socket, int length) throws IOException {
        answer(socket, length, TYPE_REPLY, 0);
    }

    void replyError(UnixSocket socket, int errno) throws IOException {
        // > If an error occurs, the reply message must only include the reply header.
        along = null;
        answer(socket, 0, TYPE_REPLY | HAS_ERROR, errno);
    }

    private void answer(UnixSocket socket, int length, int flags, int errno) throws IOException {
        SIZE.set(bytes, 0, HEADER + length);
        FLAGS.set(bytes, 0, flags);
        ERROR.set(bytes, 0, errno);
        FileDescriptor descriptor = along;
        along = null;
        if (descriptor == null) {
            buffer.send(socket, length, -1);
        } else {
            buffer.send(socket, length, -1, descriptor);
        }
    }

    @Override
    public void close() {
        buffer.close();
    }
}
