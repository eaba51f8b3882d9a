// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.queue;

/**
 * What a device does with the chains of one queue. Called by the queue's owner, one call at a time.
 *
 * <p>The framework finds chains, publishes what was used, notifies the driver and looks again before it
 * rests. A handler does one thing: serve one chain, and end its loan.
 */
@FunctionalInterface
public interface QueueHandler {

    /**
     * Serves one chain. Must end its loan, see {@link DescriptorChain}; must not block longer than the
     * device's I/O may.
     *
     * <p>A {@link io.virtio4j.core.fault.ChainFault} that escapes returns the chain with length 0. So
     * does any other exception, which is reported to the embedder as a fault of the device.
     */
    void handle(DescriptorChain chain);

    /**
     * Works on the queue after a notification, a {@link VirtQueue#wake()}, or a completion. Serves every
     * available chain unless overridden; a device whose queue waits for something else, such as
     * received packets, overrides this and calls {@link VirtQueue#take()} as long as it has something
     * to put in.
     */
    default void service(VirtQueue queue) {
        queue.drain(this);
    }

    /** Makes a handler for a queue that has no meaning with what was negotiated: nothing in it is ever used. */
    static QueueHandler unused() {
        return new QueueHandler() {
            @Override
            public void service(VirtQueue queue) {}

            @Override
            public void handle(DescriptorChain chain) {
                chain.putBack();
            }
        };
    }
}
