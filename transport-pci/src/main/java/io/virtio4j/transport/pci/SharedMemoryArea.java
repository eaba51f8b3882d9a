// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.pci;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** A shared memory region, for embedders that trap accesses instead of mapping it. [Shared Memory Regions] */
final class SharedMemoryArea implements Region {

    private static final ValueLayout.OfShort LE16 =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt LE32 =
            ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LE64 =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final MemorySegment memory;

    SharedMemoryArea(MemorySegment memory) {
        this.memory = memory;
    }

    @Override
    public long read(long offset, int width) {
        if (offset > memory.byteSize() - width) {
            return 0;
        }
        return switch (width) {
            case 1 -> Byte.toUnsignedLong(memory.get(ValueLayout.JAVA_BYTE, offset));
            case 2 -> Short.toUnsignedLong(memory.get(LE16, offset));
            case 4 -> Integer.toUnsignedLong(memory.get(LE32, offset));
            default -> memory.get(LE64, offset);
        };
    }

    @Override
    public void write(long offset, int width, long value) {
        if (offset > memory.byteSize() - width) {
            return;
        }
        switch (width) {
            case 1 -> memory.set(ValueLayout.JAVA_BYTE, offset, (byte) value);
            case 2 -> memory.set(LE16, offset, (short) value);
            case 4 -> memory.set(LE32, offset, (int) value);
            default -> memory.set(LE64, offset, value);
        }
    }
}
