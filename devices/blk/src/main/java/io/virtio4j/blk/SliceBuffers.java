// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.blk;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.virtio4j.core.queue.ChainReader;
import io.virtio4j.core.queue.ChainWriter;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Buffers for the data of one queue's operations, used again. Owned by the queue's owner, and kept when the queue
 * is reset. What a backend keeps beyond a reset is not given back: the collector frees it.
 */
final class SliceBuffers {

    /** The smallest buffer is a page, the largest a {@link InFlight#SLICE}. */
    private static final int LEAST_BITS = 12;

    private static final int CLASSES = Integer.numberOfTrailingZeros(InFlight.SLICE) - LEAST_BITS + 1;

    /** The most that is kept while nobody uses it. */
    private static final int MOST_KEPT = 4 << 20;

    /** A buffer, and its bytes: between a chain and a buffer, Netty would make a view for each copy. */
    record Slice(ByteBuf buffer, MemorySegment bytes) {

        private static Slice allocate(int capacity) {
            ByteBuffer memory = ByteBuffer.allocateDirect(capacity);
            return new Slice(Unpooled.wrappedBuffer(memory), MemorySegment.ofBuffer(memory));
        }

        int capacity() {
            return buffer.capacity();
        }

        /** Makes so many bytes writable, and none readable. */
        Slice open(int size) {
            int start = capacity() - size;
            buffer.setIndex(start, start);
            return this;
        }

        /** Moves what the driver wrote into what it was opened for. */
        void fill(ChainReader from, int count) {
            from.read(bytes, capacity() - count, count);
            buffer.writerIndex(capacity());
        }

        /** Moves what it was opened for to the driver. */
        void empty(ChainWriter to, int count) {
            to.write(bytes, capacity() - count, count);
        }
    }

    private final @Nullable Slice[][] free = new Slice[CLASSES][];
    private final int[] counts = new int[CLASSES];
    private int kept;

    /**
     * A buffer of which so many bytes can be written, and none be read.
     *
     * @param size at most a slice
     */
    Slice take(int size) {
        int sizeClass = sizeClass(size);
        Slice slice = null;
        if (counts[sizeClass] > 0) {
            slice = free[sizeClass][--counts[sizeClass]];
            kept -= capacity(sizeClass);
        }
        return (slice == null ? Slice.allocate(capacity(sizeClass)) : slice).open(size);
    }

    /** Takes a buffer back that nobody uses any more. */
    void give(Slice slice) {
        int sizeClass = sizeClass(slice.capacity());
        if (kept + slice.capacity() > MOST_KEPT) {
            return;
        }
        if (free[sizeClass] == null) {
            free[sizeClass] = new Slice[MOST_KEPT / capacity(sizeClass)];
        }
        free[sizeClass][counts[sizeClass]++] = slice;
        kept += slice.capacity();
    }

    private static int capacity(int sizeClass) {
        return 1 << LEAST_BITS + sizeClass;
    }

    private static int sizeClass(int size) {
        return Math.max(0, Integer.SIZE - Integer.numberOfLeadingZeros(size - 1) - LEAST_BITS);
    }
}
