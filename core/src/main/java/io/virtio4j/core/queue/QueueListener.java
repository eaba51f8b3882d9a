// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.queue;

/** What a running queue tells its device instance. Called by the queue's owner; must not block. */
public interface QueueListener {

    /** A used buffer notification is due. */
    void usedBuffers(VirtQueue queue);

    /**
     * The queue stopped: the ring cannot be trusted, or its memory failed.
     *
     * @param cause a {@link io.virtio4j.core.fault.RingFault}, or an error of the host
     */
    void queueFailed(VirtQueue queue, Throwable cause);

    /** The device's code broke a rule; the chain was returned with length 0 and the queue goes on. */
    void deviceFailed(VirtQueue queue, Throwable cause);
}
