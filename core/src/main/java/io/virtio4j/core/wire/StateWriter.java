// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.wire;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Writes saved state: little-endian integers and byte strings, in an order that the reader knows. A
 * section carries its name, version and length, so that damage is noticed where it is.
 */
public final class StateWriter {

    private byte[] bytes = new byte[256];
    private int length;

    /** Creates an empty one. */
    public StateWriter() {}

    /** Appends the low {@code size} bytes of a value. */
    private StateWriter put(long value, int size) {
        if (length + size > bytes.length) {
            bytes = Arrays.copyOf(bytes, Math.max(bytes.length * 2, length + size));
        }
        for (int i = 0; i < size; i++) {
            bytes[length++] = (byte) (value >>> (8 * i));
        }
        return this;
    }

    /** Appends 8 bits. */
    public StateWriter u8(int value) {
        return put(value, 1);
    }

    /** Appends one byte, 0 or 1. */
    public StateWriter flag(boolean value) {
        return put(value ? 1 : 0, 1);
    }

    /** Appends 16 bits. */
    public StateWriter le16(int value) {
        return put(value, 2);
    }

    /** Appends 32 bits. */
    public StateWriter le32(long value) {
        return put(value, 4);
    }

    /** Appends 64 bits. */
    public StateWriter le64(long value) {
        return put(value, 8);
    }

    /** Appends a length of 32 bits and the bytes. */
    public StateWriter bytes(byte[] value) {
        put(value.length, 4);
        for (byte b : value) {
            put(b, 1);
        }
        return this;
    }

    /** Appends a string in UTF-8. */
    public StateWriter text(String value) {
        return bytes(value.getBytes(StandardCharsets.UTF_8));
    }

    /** Appends a section. */
    public StateWriter section(String name, int version, StateWriter content) {
        return text(name).le16(version).bytes(content.toByteArray());
    }

    /** What was written. */
    public byte[] toByteArray() {
        return Arrays.copyOf(bytes, length);
    }
}
