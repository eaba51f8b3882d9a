// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.wire;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;

/**
 * An 8 bit field of a structure.
 *
 * @param offset the field's offset in the structure, in bytes
 */
public record U8(int offset) {

    /** Reads the field of the structure at {@code at}; 0 to 255. */
    public int get(MemorySegment segment, long at) {
        return Byte.toUnsignedInt(segment.get(JAVA_BYTE, at + offset));
    }

    /** Writes the low 8 bits of {@code value}. */
    public void set(MemorySegment segment, long at, int value) {
        segment.set(JAVA_BYTE, at + offset, (byte) value);
    }
}
