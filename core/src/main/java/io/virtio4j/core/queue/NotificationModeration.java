// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.queue;

/**
 * Holds used buffer notifications of a queue back, so that several used buffers cost the driver one. Used
 * buffers become visible all the same, and a driver that does not want to be notified is not.
 */
@FunctionalInterface
public interface NotificationModeration {

    /**
     * Whether the driver may be notified now of what was used. Asked by the queue's owner after buffers were
     * used, and at the end of each turn; true ends the waiting, and what follows is counted anew. After a
     * false, somebody has to {@linkplain VirtQueue#wake() wake} the queue when the time has come.
     */
    boolean isDue();
}
