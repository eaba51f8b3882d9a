// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.scmi.protocol;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Writes what follows the header and the status of a message: little-endian, up to a limit. What passes the
 * limit is not written, and the message {@linkplain #isOverrun() is not to be sent}.
 */
public final class MessageWriter {

    /** The length of a short name, with its terminating NUL. */
    public static final int SHORT_NAME = 16;

    /** The length of a name, with its terminating NUL. */
    public static final int LONG_NAME = 64;

    private final byte[] bytes;
    private int limit;
    private int length;
    private boolean overrun;

    /** Creates an empty one. */
    public MessageWriter(int capacity) {
        bytes = new byte[capacity];
        limit = capacity;
    }

    /** An empty one as large as a payload of Linux's transports. */
    public static MessageWriter payload() {
        return new MessageWriter(ScmiPlatform.MOST_PAYLOAD);
    }

    /** Empties it, and sets how many bytes it takes; at most its capacity. */
    public void clear(long room) {
        limit = (int) Math.min(room, bytes.length);
        length = 0;
        overrun = false;
    }

    /** Bytes that were written. */
    public int length() {
        return length;
    }

    /** Bytes that can be written. */
    public int room() {
        return limit - length;
    }

    /** Whether something did not fit. */
    public boolean isOverrun() {
        return overrun;
    }

    private MessageWriter put(long value, int size) {
        if (size > room()) {
            overrun = true;
            return this;
        }
        for (int i = 0; i < size; i++) {
            bytes[length++] = (byte) (value >>> 8 * i);
        }
        return this;
    }

    /** Appends 8 bits. */
    public MessageWriter u8(int value) {
        return put(value, 1);
    }

    /** Appends 16 bits. */
    public MessageWriter le16(int value) {
        return put(value, 2);
    }

    /** Appends 32 bits. */
    public MessageWriter le32(long value) {
        return put(value, 4);
    }

    /** Appends 64 bits, the low half first. */
    public MessageWriter le64(long value) {
        return put(value, 8);
    }

    /** Appends a name in ASCII, cut and padded with NUL to {@code size} bytes, one NUL at least. */
    public MessageWriter name(String text, int size) {
        if (size > room()) {
            overrun = true;
            return this;
        }
        byte[] ascii = text.getBytes(StandardCharsets.US_ASCII);
        Arrays.fill(bytes, length, length + size, (byte) 0);
        System.arraycopy(ascii, 0, bytes, length, Math.min(ascii.length, size - 1));
        length += size;
        return this;
    }

    /** Appends bytes. */
    public MessageWriter bytes(byte[] value) {
        if (value.length > room()) {
            overrun = true;
            return this;
        }
        System.arraycopy(value, 0, bytes, length, value.length);
        length += value.length;
        return this;
    }

    /** Overwrites 32 bits that were appended at {@code at}. */
    public void set32(int at, long value) {
        int end = length;
        length = at;
        put(value, 4);
        length = end;
    }

    /** What was written; valid up to {@link #length()} and until it is cleared. */
    public byte[] array() {
        return bytes;
    }

    /** A copy of what was written. */
    public byte[] toByteArray() {
        return Arrays.copyOf(bytes, length);
    }
}
