// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.wire;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Reads what {@link StateWriter} wrote. The bytes may be damaged or forged: every read is checked, nothing
 * is allocated beyond what is there.
 */
public final class StateReader {

    private final byte[] bytes;
    private final int end;
    private int position;

    /** Reads all of an array; it must not change meanwhile. */
    public StateReader(byte[] bytes) {
        this(bytes, 0, bytes.length);
    }

    private StateReader(byte[] bytes, int position, int end) {
        this.bytes = bytes;
        this.position = position;
        this.end = end;
    }

    private long take(int size) {
        if (size > end - position) {
            throw new StateException("saved state ends too early: position=" + position + " wanted=" + size
                    + " length=" + end);
        }
        long value = 0;
        for (int i = 0; i < size; i++) {
            value |= Byte.toUnsignedLong(bytes[position++]) << (8 * i);
        }
        return value;
    }

    /** Reads 8 bits. */
    public int u8() {
        return (int) take(1);
    }

    /** Reads 0 or 1. */
    public boolean flag() {
        int value = u8();
        if (value > 1) {
            throw new StateException("saved flag is neither 0 nor 1: value=" + value);
        }
        return value == 1;
    }

    /** Reads 16 bits. */
    public int le16() {
        return (int) take(2);
    }

    /** Reads 32 bits. */
    public long le32() {
        return take(4);
    }

    /** Reads 32 bits that have to lie in a range. */
    public int le32(String what, int least, int most) {
        long value = take(4);
        if (value < least || value > most) {
            throw new StateException("saved value is out of range: " + what + "=" + value + " least="
                    + least + " most=" + most);
        }
        return (int) value;
    }

    /** Reads 64 bits. */
    public long le64() {
        return take(8);
    }

    /** Reads a byte string. */
    public byte[] bytes() {
        int length = length();
        position += length;
        return Arrays.copyOfRange(bytes, position - length, position);
    }

    private int length() {
        long length = take(4);
        if (length > end - position) {
            throw new StateException("saved length passes the end: length=" + length + " left="
                    + (end - position));
        }
        return (int) length;
    }

    /** Reads a string. */
    public String text() {
        return new String(bytes(), StandardCharsets.UTF_8);
    }

    /**
     * Enters a section.
     *
     * @param name the section that has to come now
     * @param version the only version that is understood
     * @return reads its content
     */
    public StateReader section(String name, int version) {
        String found = text();
        int foundVersion = le16();
        if (!found.equals(name) || foundVersion != version) {
            throw new StateException("saved section does not fit: expected=" + name + "/" + version
                    + " found=" + found.replaceAll("[^\\w.-]", "?") + "/" + foundVersion);
        }
        int length = length();
        position += length;
        return new StateReader(bytes, position - length, position);
    }

    /** Checks that everything was read. */
    public void end() {
        if (position != end) {
            throw new StateException("saved state is longer than expected: left=" + (end - position));
        }
    }
}
