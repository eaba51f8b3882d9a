// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.blk;

import java.util.concurrent.atomic.AtomicLongArray;

/** The counters of a block device, summed over its queues. Read by any thread. */
public final class BlockCounters {

    /** The counters of one queue are written by its owner alone: no atomic addition is needed. */
    private final AtomicLongArray[] queues;

    BlockCounters(int queueCount) {
        queues = new AtomicLongArray[queueCount];
        for (int i = 0; i < queueCount; i++) {
            queues[i] = new AtomicLongArray(BlockCounter.values().length);
        }
    }

    /** What was counted since the device was made. */
    public long get(BlockCounter counter) {
        long sum = 0;
        for (AtomicLongArray queue : queues) {
            sum += queue.getOpaque(counter.ordinal());
        }
        return sum;
    }

    void add(int queue, BlockCounter counter, long amount) {
        AtomicLongArray values = queues[queue];
        int at = counter.ordinal();
        values.setOpaque(at, values.getPlain(at) + amount);
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        for (BlockCounter counter : BlockCounter.values()) {
            text.append(counter).append('=').append(get(counter)).append(' ');
        }
        return text.toString().stripTrailing();
    }
}
