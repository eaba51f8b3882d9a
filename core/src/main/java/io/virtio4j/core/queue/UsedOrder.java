// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.queue;

import org.jspecify.annotations.Nullable;

/**
 * IN_ORDER: keeps chains in the order in which they were taken until it is their turn to be used. Owned by
 * the queue's owner.
 */
final class UsedOrder {

    private final @Nullable DescriptorChain[] chains;
    private int taken;
    private int used;

    UsedOrder(int queueSize) {
        chains = new DescriptorChain[queueSize];
    }

    private int after(int slot) {
        return slot + 1 == chains.length ? 0 : slot + 1;
    }

    void taken(DescriptorChain chain) {
        chains[taken] = chain;
        taken = after(taken);
    }

    void putBack() {
        taken = taken == 0 ? chains.length - 1 : taken - 1;
        chains[taken] = null;
    }

    /** The next chain whose turn it is, if it was completed. */
    @Nullable DescriptorChain next() {
        DescriptorChain first = chains[used];
        if (first == null || !first.isWaiting()) {
            return null;
        }
        chains[used] = null;
        used = after(used);
        return first;
    }

    /**
     * Whether a used entry stands for this chain alone. Only chains without anything to write are used in
     * batches: the driver may skip any buffer that was written to its end, but DPDK's looks for the length of
     * each buffer that it receives into, and would find one from before.
     */
    static boolean needsItsOwnEntry(DescriptorChain chain) {
        return chain.pieces().writableBytes() != 0;
    }
}
