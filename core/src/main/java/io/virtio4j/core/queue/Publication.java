// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.queue;

import org.jspecify.annotations.Nullable;

/** When the driver sees what was used, and when it is notified. Used by the queue's owner. */
final class Publication {

    /** Used buffers are made visible after so many, or when the drain ends. */
    private static final int EVERY = 16;

    private final VirtQueue queue;
    private final Ring ring;
    private final QueueListener listener;
    private final QueueCounters counters;

    private int unpublished;
    private boolean gathering;
    private volatile @Nullable NotificationModeration moderation;

    Publication(VirtQueue queue, Ring ring, QueueListener listener, QueueCounters counters) {
        this.queue = queue;
        this.ring = ring;
        this.listener = listener;
        this.counters = counters;
    }

    void moderate(@Nullable NotificationModeration newModeration) {
        moderation = newModeration;
    }

    /** A chain was used. */
    void used() {
        if (++unpublished >= EVERY && !gathering) {
            publish(false);
        }
    }

    void gather(boolean on) {
        gathering = on;
        if (on) {
            ring.gather();
        } else if (unpublished >= EVERY) {
            publish(false);
        } else {
            ring.endGather();
        }
    }

    /**
     * Makes everything used visible.
     *
     * @param atOnce whether to notify without asking the moderation
     */
    void publish(boolean atOnce) {
        unpublished = 0;
        gathering = false;
        if (queue.isRevoked()) {
            return;
        }
        ring.publish();
        NotificationModeration asked = moderation;
        if ((asked == null || asked.isDue() || atOnce) && ring.isNotificationDue()) {
            counters.interrupt();
            listener.usedBuffers(queue);
        }
    }
}
