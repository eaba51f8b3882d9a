// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.wire;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * A {@code le16} field of a structure: 16 bits, little-endian, unsigned.
 *
 * <p>{@link #get} and {@link #set} take any alignment. {@link #getAcquire} and {@link #setRelease}
 * demand a natural one and fail with {@link IllegalArgumentException} otherwise; they order
 * accesses to memory that the driver reads and writes at the same time.
 *
 * @param offset the field's offset in the structure, in bytes
 */
public record Le16(int offset) {

    private static final ValueLayout.OfShort PLAIN =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle ORDERED =
            ValueLayout.JAVA_SHORT.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle();

    /** Reads the field of the structure at {@code at}. */
    public int get(MemorySegment segment, long at) {
        return Short.toUnsignedInt(segment.get(PLAIN, at + offset));
    }

    /** Reads the field; no later access of this thread comes before it. */
    public int getAcquire(MemorySegment segment, long at) {
        return Short.toUnsignedInt((short) ORDERED.getAcquire(segment, at + offset));
    }

    /** Writes the low 16 bits of {@code value}. */
    public void set(MemorySegment segment, long at, int value) {
        segment.set(PLAIN, at + offset, (short) value);
    }

    /** Writes the field; no earlier access of this thread comes after it. */
    public void setRelease(MemorySegment segment, long at, int value) {
        ORDERED.setRelease(segment, at + offset, (short) value);
    }
}
