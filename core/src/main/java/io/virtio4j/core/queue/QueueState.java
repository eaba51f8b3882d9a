// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.queue;

import io.virtio4j.core.wire.StateException;
import io.virtio4j.core.wire.StateReader;
import io.virtio4j.core.wire.StateWriter;
import java.util.ArrayList;
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

    // ── The saved form ─────────────────────────────────────────────────────

    /** Saves it. */
    public void save(StateWriter out) {
        out.le16(position.availableIndex()).flag(position.availableWrap());
        out.le16(position.usedIndex()).flag(position.usedWrap());
        out.le32(inWork.size());
        for (SavedChain chain : inWork) {
            out.le16(chain.id()).le16(chain.slots()).le32(chain.readable()).le32(chain.buffers().size());
            chain.buffers().forEach(buffer -> out.le64(buffer.address()).le32(buffer.length()));
        }
    }

    /**
     * Reads what {@link #save} wrote.
     *
     * @param size of the queue
     * @throws StateException if no queue of this size can have been there
     */
    public static QueueState restore(StateReader in, int size) {
        try {
            Position position = new Position(in.le16(), in.flag(), in.le16(), in.flag());
            int count = in.le32("chains", 0, size);
            List<SavedChain> chains = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                chains.add(chain(in, size));
            }
            return new QueueState(position, chains);
        } catch (IllegalArgumentException e) {
            throw new StateException("saved queue cannot be: " + e.getMessage(), e);
        }
    }

    private static SavedChain chain(StateReader in, int size) {
        int id = in.le16();
        int slots = in.le16();
        // A buffer may lie in several pieces; each was a descriptor or the part of one in a region.
        int readable = (int) Math.min(in.le32(), Integer.MAX_VALUE);
        long buffers = in.le32();
        List<Buffer> list = new ArrayList<>();
        for (long i = 0; i < buffers; i++) {
            list.add(new Buffer(in.le64(), in.le32()));
        }
        if (slots > size) {
            throw new StateException("saved chain passes the ring: slots=" + slots + " size=" + size);
        }
        return new SavedChain(id, slots, readable, list);
    }

    // ── What it is made of ─────────────────────────────────────────────────

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
