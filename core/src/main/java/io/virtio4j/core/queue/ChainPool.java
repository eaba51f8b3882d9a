// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.queue;

import io.virtio4j.core.memory.MemoryMap;
import org.jspecify.annotations.Nullable;

/** The chain objects of one queue, made when first needed and used again. Owned by the queue's owner. */
final class ChainPool {

    /** The one that is taken whenever it is free: the only one of a device that completes at once. */
    private final DescriptorChain first;

    private final @Nullable DescriptorChain[] chains;
    private final int[] free;
    private int freeCount;
    private int made;

    /** Room for one more than can be in work, to look at what a driver makes available beyond that. */
    ChainPool(int queueSize, VirtQueue queue, MemoryMap map) {
        chains = new DescriptorChain[queueSize + 1];
        free = new int[queueSize + 1];
        first = make(queue, map);
    }

    private DescriptorChain make(VirtQueue queue, MemoryMap map) {
        DescriptorChain chain = new DescriptorChain(queue, made, map);
        chains[made++] = chain;
        return chain;
    }

    DescriptorChain take(VirtQueue queue, MemoryMap map) {
        return first.isFree() ? first : takeAnother(queue, map);
    }

    private DescriptorChain takeAnother(VirtQueue queue, MemoryMap map) {
        if (freeCount > 0) {
            DescriptorChain chain = chains[free[--freeCount]];
            if (chain != null) {
                return chain;
            }
        }
        return make(queue, map);
    }

    void release(DescriptorChain chain) {
        chain.recycle();
        if (chain != first) {
            free[freeCount++] = chain.index;
        }
    }

    /** Takes all chains away from whoever has them. */
    void revoke() {
        for (int i = 0; i < made; i++) {
            DescriptorChain chain = chains[i];
            if (chain != null) {
                chain.revoke();
            }
        }
    }

    /** Whether some chain is deferred and was not completed yet. */
    boolean isLent() {
        for (int i = 0; i < made; i++) {
            DescriptorChain chain = chains[i];
            if (chain != null && chain.state() == DescriptorChain.DEFERRED) {
                return true;
            }
        }
        return false;
    }

    int made() {
        return made;
    }

    /** One of the {@link #made()}. */
    @Nullable DescriptorChain get(int index) {
        return chains[index];
    }
}
