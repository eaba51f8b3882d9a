// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.mem;

import io.virtio4j.core.memory.RegionRemoval;
import io.virtio4j.mem.MemoryBlocks.Run;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** A change of blocks that was begun; it is made once nothing works with memory as it was before. */
final class BlockChange {

    /** What a change is. */
    enum Kind { PLUG, UNPLUG, UNPLUG_ALL }

    final Kind kind;
    final Run blocks;
    private final AtomicInteger waiting;

    /**
     * Begins a change.
     *
     * @param ready called once all have ended, on any thread, and perhaps at once
     */
    BlockChange(Kind kind, Run blocks, List<RegionRemoval> removals, Runnable ready) {
        this.kind = kind;
        this.blocks = blocks;
        waiting = new AtomicInteger(removals.size() + 1);
        for (RegionRemoval removal : removals) {
            removal.whenQuiescent(() -> ended(ready));
        }
        ended(ready);
    }

    private void ended(Runnable ready) {
        if (waiting.decrementAndGet() == 0) {
            ready.run();
        }
    }

    /** Whether the change can be made. */
    boolean isReady() {
        return waiting.get() == 0;
    }
}
