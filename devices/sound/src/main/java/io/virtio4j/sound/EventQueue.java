// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.sound;

import io.virtio4j.core.fault.ChainFault;
import io.virtio4j.core.queue.DescriptorChain;
import io.virtio4j.core.queue.QueueHandler;
import io.virtio4j.core.queue.VirtQueue;

/** The event queue: buffers stay in the ring until there is something to tell. */
final class EventQueue implements QueueHandler {

    private final Events events;

    EventQueue(Events events) {
        this.events = events;
    }

    @Override
    public void service(VirtQueue queue) {
        if (events.isDue()) {
            queue.drain(this);
        }
    }

    @Override
    public void handle(DescriptorChain chain) {
        if (!events.isDue()) {
            chain.putBack();
            return;
        }
        if (chain.writer().length() < Events.SIZE || chain.hasUnmapped()) {
            throw new ChainFault("event buffer has no room for an event: queue=" + chain.queue().name());
        }
        if (events.tell(chain.writer())) {
            chain.complete();
        } else {
            chain.putBack();
        }
    }
}
