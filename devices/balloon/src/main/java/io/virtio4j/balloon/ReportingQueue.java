// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.balloon;

import io.virtio4j.core.device.CounterTable;
import io.virtio4j.core.queue.ChainWriter;
import io.virtio4j.core.queue.DescriptorChain;
import io.virtio4j.core.queue.QueueHandler;

/**
 * The reporting_vq: buffers that are free pages themselves. [Memory Balloon Device / Free Page Reporting]
 */
final class ReportingQueue implements QueueHandler {

    private final BalloonDevice device;
    private final CounterTable<BalloonCounter> counters;
    private final GuestPages pages;

    ReportingQueue(BalloonDevice device, GuestPages pages) {
        this.device = device;
        this.counters = device.counts();
        this.pages = pages;
    }

    @Override
    public void handle(DescriptorChain chain) {
        ChainWriter free = chain.writer();
        // > the device MUST NOT modify the content of a reported page to a value other than poison_val: pages
        // > that are given back read as zeroes. [Free Page Reporting]
        boolean keep = device.poison() != 0;
        for (long run = free.nextRun(); run > 0; run = free.nextRun()) {
            counters.count(BalloonCounter.REPORTED, run / BalloonDevice.PAGE_SIZE);
            if (keep) {
                counters.count(BalloonCounter.KEPT, run / BalloonDevice.PAGE_SIZE);
            } else {
                pages.giveBack(free.segment(), free.segmentOffset(), run);
            }
        }
        chain.complete(0);
    }
}
