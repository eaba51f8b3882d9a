// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs;

import io.virtio4j.core.wire.Le16;
import io.virtio4j.core.wire.Le32;
import io.virtio4j.core.wire.Le64;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * A copy of structures of FUSE, in the byte order of the driver: structures are declared little-endian, and a driver
 * of the other order has its fields turned around here.
 */
final class Fields {

    final MemorySegment bytes;
    private boolean swapped;
    /** Where the structure begins that is being read or written. */
    private long base;

    Fields(int size) {
        bytes = Arena.ofAuto().allocate(size, 8);
    }

    /** Begins another structure. */
    Fields at(long newBase, boolean inOtherOrder) {
        base = newBase;
        swapped = inOtherOrder;
        return this;
    }

    Fields at(long newBase) {
        base = newBase;
        return this;
    }

    /** Zeroes as many bytes, a multiple of 8. */
    void clear(int count) {
        for (int i = 0; i < count; i += Long.BYTES) {
            bytes.set(ValueLayout.JAVA_LONG_UNALIGNED, base + i, 0);
        }
    }

    int get(Le16 field) {
        int value = field.get(bytes, base);
        return swapped ? Short.toUnsignedInt(Short.reverseBytes((short) value)) : value;
    }

    long get(Le32 field) {
        long value = field.get(bytes, base);
        return swapped ? Integer.toUnsignedLong(Integer.reverseBytes((int) value)) : value;
    }

    long get(Le64 field) {
        long value = field.get(bytes, base);
        return swapped ? Long.reverseBytes(value) : value;
    }

    void set(Le16 field, int value) {
        field.set(bytes, base, swapped ? Short.reverseBytes((short) value) : value);
    }

    void set(Le32 field, long value) {
        field.set(bytes, base, swapped ? Integer.reverseBytes((int) value) : value);
    }

    void set(Le64 field, long value) {
        field.set(bytes, base, swapped ? Long.reverseBytes(value) : value);
    }
}
