// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.vfiouser;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.virtio4j.core.wire.Le16;
import io.virtio4j.core.wire.StructLayout;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.StringJoiner;

/**
 * The first message of a connection: which version is spoken, and what each side can do.
 * [{@code VFIO_USER_VERSION}]
 */
final class VersionNegotiation {

    private static final StructLayout LAYOUT = StructLayout.of("vfio-user version");
    private static final Le16 MAJOR = LAYOUT.le16("version major");
    private static final Le16 MINOR = LAYOUT.le16("version minor");
    private static final int SIZE = LAYOUT.size(4);

    private static final int OUR_MAJOR = 0;
    private static final int OUR_MINOR = 0;

    private boolean agreed;
    private boolean writeMultiple;

    /** Whether the client may send anything else now. */
    boolean isAgreed() {
        return agreed;
    }

    /** Whether the client may send several writes in a message. */
    boolean hasWriteMultiple() {
        return writeMultiple;
    }

    int answer(Message message) throws Refusal {
        message.requireNoDescriptors();
        if (agreed) {
            throw Refusal.invalid("version was negotiated already");
        }
        if (message.payloadLength() < SIZE) {
            throw Refusal.invalid("payload: length=" + message.payloadLength() + " least=" + SIZE);
        }
        MemorySegment bytes = message.bytes();
        int major = MAJOR.get(bytes, Message.HEADER);
        if (major != OUR_MAJOR) {
            throw Refusal.invalid("version: major=" + major + " supported=" + OUR_MAJOR);
        }
        byte[] reply = answer(versionData(message));
        MINOR.set(bytes, Message.HEADER, OUR_MINOR);
        int at = Message.HEADER + SIZE;
        MemorySegment.copy(reply, 0, bytes, JAVA_BYTE, at, reply.length);
        agreed = true;
        return SIZE + reply.length;
    }

    /** The version data without its terminating NUL; empty if there is none. */
    private static byte[] versionData(Message message) throws Refusal {
        int length = message.payloadLength() - SIZE;
        if (length == 0) {
            return new byte[0];
        }
        if (length > Capabilities.MOST_BYTES + 1) {
            throw Refusal.invalid("version data is too long: bytes=" + length + " most="
                    + (Capabilities.MOST_BYTES + 1));
        }
        byte[] data = message.bytes().asSlice(Message.HEADER + SIZE, length).toArray(JAVA_BYTE);
        if (data[length - 1] != 0) {
            throw Refusal.invalid("version data does not end in NUL");
        }
        return Arrays.copyOf(data, length - 1);
    }

    private byte[] answer(byte[] data) throws Refusal {
        if (data.length == 0) {
            return data;
        }
        Capabilities capabilities = Capabilities.read(data);
        String reply = capabilities.proposed() ? "{\"capabilities\":" + answer(capabilities) + "}" : "{}";
        return (reply + "\0").getBytes(StandardCharsets.UTF_8);
    }

    /**
     * > The capability list must be a subset of those proposed. And QEMU takes no reply that is longer than
     * its request.
     */
    private String answer(Capabilities proposed) {
        StringJoiner reply = new StringJoiner(",", "{", "}");
        if (proposed.number("max_msg_fds") != null) {
            reply.add("\"max_msg_fds\":" + Message.MOST_DESCRIPTORS);
        }
        if (proposed.number("max_data_xfer_size") != null) {
            reply.add("\"max_data_xfer_size\":" + Message.MOST_DATA);
        }
        Long maps = proposed.number("max_dma_maps");
        if (maps != null) {
            reply.add("\"max_dma_maps\":" + Math.min(maps, DmaTable.MOST_REGIONS));
        }
        Boolean multiple = proposed.writeMultiple();
        if (multiple != null) {
            writeMultiple = multiple;
            reply.add("\"write_multiple\":" + multiple);
        }
        return reply.toString();
    }
}
