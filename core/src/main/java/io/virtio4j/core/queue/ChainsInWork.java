// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.queue;

import io.virtio4j.core.fault.ChainFault;
import io.virtio4j.core.memory.MemoryMap;
import io.virtio4j.core.queue.QueueState.Buffer;
import io.virtio4j.core.queue.QueueState.SavedChain;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Chains in work as a saved state has them: taken up where the queue goes on, before new ones, and listed
 * where it is saved. Owned by the queue's owner.
 */
final class ChainsInWork {

    /** A chain, and what the queue's journal calls it. */
    private record Waiting(SavedChain chain, int entry) {}

    private final Deque<Waiting> restored = new ArrayDeque<>();

    ChainsInWork(List<SavedChain> saved, Ring ring) {
        saved.forEach(chain -> adopt(new Waiting(chain, 0), ring));
    }

    /** What a saved state and a journal say. */
    static ChainsInWork of(
            QueueState state, @Nullable ChainJournal journal, VirtQueue queue, MemoryMap map, Ring ring) {
        ChainsInWork chains = new ChainsInWork(state.inWork(), ring);
        if (journal != null) {
            chains.add(journal, queue, map, ring);
        }
        return chains;
    }

    /**
     * Adds what a journal says was in flight, and has it told of what follows. What cannot be parsed is taken
     * up without buffers: the device cannot serve it, and it goes back to the driver.
     */
    private void add(ChainJournal journal, VirtQueue queue, MemoryMap map, Ring ring) {
        ring.journal = journal;
        DescriptorChain scratch = new DescriptorChain(queue, 0, map);
        for (ChainJournal.InFlight inFlight : journal.inFlight()) {
            scratch.begin(0);
            try {
                ring.readAgain(scratch, inFlight);
                scratch.checkLength();
            } catch (ChainFault e) {
                ring.walker.begin(scratch.pieces());
            }
            adopt(new Waiting(save(scratch), inFlight.entry()), ring);
        }
    }

    private void adopt(Waiting waiting, Ring ring) {
        ring.adopt(waiting.chain.id(), waiting.chain.slots());
        restored.add(waiting);
    }

    boolean isEmpty() {
        return restored.isEmpty();
    }

    /** Rebuilds the first: its addresses are looked up in today's memory. */
    void takeFirst(DescriptorChain chain, Ring ring) {
        Waiting waiting = restored.remove();
        SavedChain first = waiting.chain;
        chain.entry = waiting.entry;
        chain.id = first.id();
        chain.slots = first.slots();
        ring.walker.begin(chain.pieces());
        for (int i = 0; i < first.buffers().size(); i++) {
            Buffer buffer = first.buffers().get(i);
            ring.walker.addBuffer(
                    chain.pieces(), buffer.address(), buffer.length(), i >= first.readable());
        }
    }

    /** The device has no room for it now. */
    void putBack(DescriptorChain chain) {
        restored.addFirst(new Waiting(save(chain), chain.entry));
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
        restored.forEach(waiting -> saved.add(waiting.chain));
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
