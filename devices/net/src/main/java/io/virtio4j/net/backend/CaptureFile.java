// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net.backend;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Writes packets in the pcapng format, with nanoseconds and directions: what Wireshark and tcpdump open.
 * Used by one thread.
 */
final class CaptureFile implements AutoCloseable {

    /** A packet that the driver receives. */
    static final int INBOUND = 1;
    /** A packet that the driver transmits. */
    static final int OUTBOUND = 2;

    static final int SECTION_HEADER = 0x0A0D_0D0A;
    static final int BYTE_ORDER = 0x1A2B_3C4D;
    static final int INTERFACE = 1;
    static final int SIMPLE_PACKET = 3;
    static final int PACKET = 6;
    static final int ETHERNET = 1;

    static final int OPTION_COMMENT = 1;
    static final int OPTION_FLAGS = 2;
    static final int OPTION_RESOLUTION = 9;

    private static final int MOST_COMMENT = 256;
    private static final int BUFFER = 256 << 10;

    private final FileChannel file;
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER).order(ByteOrder.LITTLE_ENDIAN);

    CaptureFile(Path path, int snapLength) throws IOException {
        file = FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE,
                StandardOpenOption.TRUNCATE_EXISTING);
        buffer.putInt(SECTION_HEADER).putInt(28).putInt(BYTE_ORDER).putShort((short) 1).putShort((short) 0);
        buffer.putLong(-1).putInt(28); // the section's length is not known
        buffer.putInt(INTERFACE).putInt(32).putShort((short) ETHERNET).putShort((short) 0).putInt(snapLength);
        buffer.putShort((short) OPTION_RESOLUTION).putShort((short) 1).putInt(9); // 10^-9 s
        buffer.putInt(0).putInt(32);
    }

    /**
     * Appends a packet.
     *
     * @param time in nanoseconds since 1970
     * @param packet the bytes that are kept, shorter than the buffer
     * @param length of the whole packet
     * @param comment empty, or what Wireshark shows beside the packet
     */
    void append(int direction, long time, ByteBuf packet, int length, String comment) throws IOException {
        byte[] text = comment.getBytes(StandardCharsets.UTF_8);
        int textLength = Math.min(text.length, MOST_COMMENT);
        int kept = packet.readableBytes();
        int total = 32 + padded(kept) + (textLength == 0 ? 0 : 4 + padded(textLength)) + 8 + 4;
        if (buffer.remaining() < total) {
            flush();
        }
        buffer.putInt(PACKET).putInt(total).putInt(0);
        buffer.putInt((int) (time >>> 32)).putInt((int) time).putInt(kept).putInt(length);
        int limit = buffer.limit();
        packet.readBytes(buffer.limit(buffer.position() + kept));
        buffer.limit(limit);
        pad(kept);
        if (textLength > 0) {
            buffer.putShort((short) OPTION_COMMENT).putShort((short) textLength).put(text, 0, textLength);
            pad(textLength);
        }
        buffer.putShort((short) OPTION_FLAGS).putShort((short) 4).putInt(direction);
        buffer.putInt(0).putInt(total);
    }

    private static int padded(int length) {
        return length + 3 & ~3;
    }

    private void pad(int length) {
        for (int i = length; i < padded(length); i++) {
            buffer.put((byte) 0);
        }
    }

    /** Hands over to the host what was appended. */
    void flush() throws IOException {
        buffer.flip();
        while (buffer.hasRemaining()) {
            file.write(buffer);
        }
        buffer.clear();
    }

    @Override
    public void close() throws IOException {
        try (file) {
            flush();
        }
    }
}
