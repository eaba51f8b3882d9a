// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.balloon;

import io.virtio4j.core.device.CounterTable;
import io.virtio4j.core.queue.ChainWriter;
import io.virtio4j.core.queue.DescriptorChain;
import io.virtio4j.core.queue.QueueHandler;
import org.jspecify.annotations.Nullable;

/**
 * The free_page_vq: command IDs to the device, and buffers that are free pages themselves. [Memory Balloon Device /
 * Free Page Hinting]
 */
final class HintQueue implements QueueHandler {

    private static final int COMMAND_SIZE = 4;

    private final BalloonDevice device;
    private final CounterTable<BalloonCounter> counters;

    /** The round whose ID the driver said last. Of the owner. */
    private @Nullable HintingRound current;

    HintQueue(BalloonDevice device) {
        this.device = device;
        this.counters = device.counts();
    }

    @Override
    public void handle(DescriptorChain chain) {
        if (chain.reader().length() >= COMMAND_SIZE) {
            command(chain.reader().readLe32());
        }
        ChainWriter free = chain.writer();
        for (long run = free.nextRun(); run > 0; run = free.nextRun()) {
            HintingRound round = current;
            // > The device MUST ignore pages that are provided with a command ID that does not match the current
            // > value in free_page_hint_cmd_id. [Free Page Hinting]
            if (round == null || !device.isCurrent(round)) {
                counters.count(BalloonCounter.STALE_HINTS);
            } else {
                counters.count(BalloonCounter.HINTED, round.add(free.segment(), free.segmentOffset(), run));
            }
        }
        chain.complete(0);
    }

    private void command(long id) {
        if (id == BalloonDevice.COMMAND_STOP) {
            HintingRound round = current;
            current = null;
            if (round != null) {
                round.complete();
            }
        } else {
            current = device.round(id);
        }
    }
}
