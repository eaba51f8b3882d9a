// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.queue;

import java.util.List;

/**
 * Is told step by step which chains of a queue are in work, and says so when the queue starts again: kept
 * where it outlives the process, it lets another one go on with exactly what was not used.
 *
 * <p>Called by the queue's owner, so by one thread at a time; {@link #inFlight()} before the queue runs. An
 * implementation neither throws nor blocks nor allocates, and trusts nothing that others can write.
 */
public interface ChainJournal {

    /**
     * Packed only: a descriptor of the list that is being taken, in order. {@link #taken} follows the last, or
     * nothing if the list turns out not to be one.
     */
    void descriptor(long address, long length, int id, int flags);

    /**
     * A chain was taken.
     *
     * @param id split, the head; packed, the buffer id
     * @return names the chain in the calls that follow
     */
    int taken(int id);

    /** A chain was put back: it is available, as if it had never been taken. */
    void putBack(int entry);

    /** A chain is going to be used; the driver cannot see it yet. */
    void using(int entry);

    /**
     * What was used is going to become visible, all at once.
     *
     * @param usedIndex where the ring's used index is then
     * @param usedWrap packed: and its wrap counter
     */
    void publishing(int usedIndex, boolean usedWrap);

    /** What {@link #publishing} announced is visible. */
    void published();

    /** What was taken and not used when the queue ended, in the order in which it was taken. */
    List<InFlight> inFlight();

    /**
     * A chain that was in work.
     *
     * @param entry names the chain, as {@link #taken} would
     * @param id split, the head; packed, the buffer id
     * @param descriptors packed: the list, which may be overwritten in the ring; split: empty, it stands in
     *     the descriptor table
     */
    record InFlight(int entry, int id, List<Descriptor> descriptors) {

        /** Copies the list. */
        public InFlight {
            descriptors = List.copyOf(descriptors);
        }
    }

    /**
     * A descriptor of a packed ring.
     *
     * @param address as the driver gave it
     * @param length bytes
     * @param flags {@code VIRTQ_DESC_F_*}
     */
    record Descriptor(long address, long length, int flags) {}
}
