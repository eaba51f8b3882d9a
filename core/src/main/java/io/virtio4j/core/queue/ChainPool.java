// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.queue;

import io.virtio4j.core.memory.MemoryMap;
import org.jspecify.annotations.Nullable;

/** The chain objects of one queue, made when first needed and used again. Owned by the queue's owner. */
final class ChainPool {

    private final @Nullable DescriptorChain[] chains;
    private final int[] free;
    private int freeCount;
    private int made;

    /** Room for one more than can be in work, to look at what a driver makes available beyond that. */
    ChainPool(int queueSize) {
        chains = new DescriptorChain[queueSize + 1];
        free = new int[queueSize + 1];
    }

    DescriptorChain take(VirtQueue queue, MemoryMap map) {
        if (freeCount > 0) {
            DescriptorChain chain = chains[free[--freeCount]];
            if (chain != null) {
                return chain;
            }
        }
        DescriptorChain chain = new DescriptorChain(queue, made, map);
        chains[made++] = chain;
        return chain;
    }

    void release(DescriptorChain chain) {
        chain.recycle();
        free[freeCount++] = chain.index;
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
