// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.queue;

import io.virtio4j.core.queue.QueueState.Buffer;
import io.virtio4j.core.queue.QueueState.SavedChain;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;

/**
 * Chains in work as a saved state has them: taken up where the queue goes on, before new ones, and listed
 * where it is saved. Owned by the queue's owner.
 */
final class ChainsInWork {

    private final Deque<SavedChain> restored;

    ChainsInWork(List<SavedChain> saved, Ring ring) {
        restored = new ArrayDeque<>(saved);
        saved.forEach(chain -> ring.adopt(chain.id(), chain.slots()));
    }

    boolean isEmpty() {
        return restored.isEmpty();
    }

    /** Rebuilds the first: its addresses are looked up in today's memory. */
    void takeFirst(DescriptorChain chain, Ring ring) {
        SavedChain first = restored.remove();
        chain.id = first.id();
        chain.slots = first.slots();
        ring.walker.begin();
        for (int i = 0; i < first.buffers().size(); i++) {
            Buffer buffer = first.buffers().get(i);
            ring.walker.addBuffer(
                    chain.pieces(), buffer.address(), buffer.length(), i >= first.readable());
        }
    }

    /** The device has no room for it now. */
    void putBack(DescriptorChain chain) {
        restored.addFirst(save(chain));
    }

    /** Lists what is in work: deferred, completed but not used, or restored and not taken yet. */
    List<SavedChain> save(ChainPool pool, int nextSequence) {
        List<DescriptorChain> inWork = new ArrayList<>();
        for (int i = 0; i < pool.made(); i++) {
            DescriptorChain chain = pool.get(i);
            if (chain != null && chain.isInWork()) {
                inWork.add(chain);
            }
        }
        inWork.sort(Comparator.comparingInt(chain -> chain.sequence - nextSequence));
        List<SavedChain> saved = new ArrayList<>();
        inWork.forEach(chain -> saved.add(save(chain)));
        saved.addAll(restored);
        return saved;
    }

    private static SavedChain save(DescriptorChain chain) {
        Pieces pieces = chain.pieces();
        List<Buffer> buffers = new ArrayList<>(pieces.count());
        for (int i = 0; i < pieces.count(); i++) {
            buffers.add(new Buffer(pieces.address(i), pieces.length(i)));
        }
        return new SavedChain(chain.id, chain.slots, pieces.readableCount(), buffers);
    }
}
