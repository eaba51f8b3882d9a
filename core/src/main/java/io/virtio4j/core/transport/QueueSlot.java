// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.transport;

import io.virtio4j.core.device.QueueSpec;
import io.virtio4j.core.queue.QueueConfig;
import io.virtio4j.core.queue.QueueCounters;
import io.virtio4j.core.queue.VirtQueue;
import org.jspecify.annotations.Nullable;

/** One queue of a device instance: what the driver programs, and what runs. Guarded by the instance. */
final class QueueSlot {

    final QueueConfig config;
    final QueueCounters counters = new QueueCounters();

    /** Read by notifications without the lock. */
    volatile @Nullable VirtQueue running;

    /** A queue that was stopped and has deferred chains left; nothing may reuse its buffers before. */
    private @Nullable VirtQueue leaving;

    /** The driver reset this queue and has not enabled it again. */
    boolean wasReset;

    QueueSlot(int index, QueueSpec spec) {
        config = new QueueConfig(index, spec.name(), spec.maxSize());
    }

    /** Notes that a queue was stopped. */
    void left(VirtQueue queue) {
        running = null;
        leaving = queue.deferred() > 0 ? queue : null;
    }

    /** Whether somebody has a chain of the queue that runs, and is held. */
    boolean isLent() {
        VirtQueue queue = running;
        return queue != null && queue.isLent();
    }

    /** Whether a stopped queue can still touch guest memory. */
    boolean isLeaving() {
        VirtQueue queue = leaving;
        if (queue != null && queue.deferred() == 0) {
            leaving = null;
        }
        return leaving != null;
    }
}
