// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.wire;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * A {@code le64} field of a structure: 64 bits, little-endian, unsigned.
 *
 * <p>{@link #get} and {@link #set} take any alignment. {@link #getAcquire} and {@link #setRelease}
 * demand a natural one and fail with {@link IllegalArgumentException} otherwise; they order
 * accesses to memory that the driver reads and writes at the same time.
 *
 * @param offset the field's offset in the structure, in bytes
 */
public record Le64(int offset) {

    private static final ValueLayout.OfLong PLAIN =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle ORDERED =
            ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle();

    /** Reads the field of the structure at {@code at}. */
    public long get(MemorySegment segment, long at) {
        return segment.get(PLAIN, at + offset);
    }

    /** Reads the field; no later access of this thread comes before it. */
    public long getAcquire(MemorySegment segment, long at) {
        return (long) ORDERED.getAcquire(segment, at + offset);
    }

    /** Writes the 64 bits of {@code value}. */
    public void set(MemorySegment segment, long at, long value) {
        segment.set(PLAIN, at + offset, value);
    }

    /** Writes the field; no earlier access of this thread comes after it. */
    public void setRelease(MemorySegment segment, long at, long value) {
        ORDERED.setRelease(segment, at + offset, value);
    }
}
