// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.scmi.protocol;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * A message that came from a platform, as an agent reads it: independent of how it was written.
 *
 * @param header its header
 * @param status its status; of a notification, the first word
 * @param bytes what follows the status
 */
public record Message(int header, int status, byte[] bytes) {

    /** A word of 32 bits, unsigned. */
    public long word(int index) {
        return Integer.toUnsignedLong(buffer().getInt(4 * index));
    }

    /** 64 bits. */
    public long doubleWord(int at) {
        return buffer().getLong(at);
    }

    /** 16 bits. */
    public int half(int at) {
        return Short.toUnsignedInt(buffer().getShort(at));
    }

    /** A name of {@code size} bytes, which has to end with NUL. */
    public String name(int at, int size) {
        String text = new String(bytes, at, size, StandardCharsets.US_ASCII);
        if (text.charAt(size - 1) != 0) {
            throw new AssertionError("name does not end: " + text);
        }
        return text.substring(0, text.indexOf(0));
    }

    private ByteBuffer buffer() {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** A message of header, and words. */
    public static byte[] of(int header, long... words) {
        ByteBuffer buffer = ByteBuffer.allocate(4 + 4 * words.length).order(ByteOrder.LITTLE_ENDIAN);
        buffer.putInt(header);
        for (long word : words) {
            buffer.putInt((int) word);
        }
        return buffer.array();
    }

    /** Reads a message with its header. */
    public static Message parse(byte[] message) {
        ByteBuffer buffer = ByteBuffer.wrap(message).order(ByteOrder.LITTLE_ENDIAN);
        byte[] rest = new byte[message.length - 8];
        buffer.get(8, rest);
        return new Message(buffer.getInt(0), buffer.getInt(4), rest);
    }

    /** The header of a command. */
    public static int command(int protocol, int message, int token) {
        return token << 18 | protocol << 10 | message;
    }
}
