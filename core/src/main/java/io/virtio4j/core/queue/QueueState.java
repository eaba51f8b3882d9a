// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.queue;

import java.util.List;

/**
 * Where a queue is: enough to go on elsewhere, at any moment.
 *
 * @param position where the device is in the ring
 * @param inWork chains that were taken and not used, in the order in which they were taken; they are
 *     handled again, once, where the queue goes on
 */
public record QueueState(Position position, List<SavedChain> inWork) {

    /** Copies the list. */
    public QueueState {
        inWork = List.copyOf(inWork);
    }

    /** The state of a queue that was never used. */
    public static QueueState initial(RingFormat format) {
        // Packed: both wrap counters start at 1. [Driver and Device Ring Wrap Counters]
        boolean wrap = format == RingFormat.PACKED;
        return new QueueState(new Position(0, wrap, 0, wrap), List.of());
    }

    /**
     * The device's position in a ring. Split: free-running 16 bit indices, no wrap counters. Packed:
     * slots and wrap counters.
     *
     * @param availableIndex the next available entry to look at
     * @param availableWrap packed: the driver ring wrap counter
     * @param usedIndex the next used entry to write
     * @param usedWrap packed: the device ring wrap counter
     */
    public record Position(
            int availableIndex, boolean availableWrap, int usedIndex, boolean usedWrap) {

        /** Checks the ranges. */
        public Position {
            if (availableIndex < 0 || availableIndex > 0xFFFF || usedIndex < 0 || usedIndex > 0xFFFF) {
                throw new IllegalArgumentException("queue position: available=" + availableIndex
                        + " used=" + usedIndex);
            }
        }
    }

    /**
     * A chain that was in work. Its buffers are saved, not its place: a packed ring may have written
     * over the descriptors.
     *
     * @param id split: the head; packed: the buffer id
     * @param slots packed: how many slots the chain takes
     * @param readable how many of the buffers are device-readable; they come first
     * @param buffers the buffers, by the addresses that the driver gave
     */
    public record SavedChain(int id, int slots, int readable, List<Buffer> buffers) {

        /** Copies the list and checks the ranges. */
        public SavedChain {
            buffers = List.copyOf(buffers);
            if (id < 0 || id > 0xFFFF || slots < 1 || slots > QueueConfig.LARGEST_SIZE
                    || readable < 0 || readable > buffers.size()) {
                throw new IllegalArgumentException("saved chain: id=" + id + " slots=" + slots
                        + " readable=" + readable + " buffers=" + buffers.size());
            }
        }
    }

    /**
     * One buffer.
     *
     * @param address as the driver gave it
     * @param length bytes; 1 to 2^32 - 1
     */
    public record Buffer(long address, long length) {

        /** Checks the length. */
        public Buffer {
            if (length < 1 || length > 0xFFFF_FFFFL) {
                throw new IllegalArgumentException("saved buffer: length=" + length);
            }
        }
    }
}
