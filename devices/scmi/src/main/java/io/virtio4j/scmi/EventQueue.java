// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.scmi;

import io.virtio4j.core.queue.ChainWriter;
import io.virtio4j.core.queue.DescriptorChain;
import io.virtio4j.core.queue.QueueHandler;
import io.virtio4j.core.queue.VirtQueue;
import io.virtio4j.scmi.protocol.ScmiChannel;
import io.virtio4j.scmi.protocol.ScmiEvent;
import org.jspecify.annotations.Nullable;

/** The eventq: each buffer takes a notification or a delayed response. [eventq Operation] */
final class EventQueue implements QueueHandler {

    private final ScmiChannel channel;

    EventQueue(ScmiChannel channel) {
        this.channel = channel;
    }

    @Override
    public void service(VirtQueue queue) {
        int budget = queue.size();
        while (channel.hasEvent()) {
            if (budget-- == 0) {
                queue.wake();
                return;
            }
            @Nullable DescriptorChain chain = queue.take();
            if (chain == null) {
                return;
            }
            if (!fill(chain)) {
                return;
            }
        }
    }

    /** Uses a buffer; or puts it back, if there is nothing for it. */
    private boolean fill(DescriptorChain chain) {
        ChainWriter writer = chain.writer();
        boolean usable = !chain.hasUnmapped();
        for (ScmiEvent event = channel.takeEvent(); event != null; event = channel.takeEvent()) {
            if (usable && writer.length() >= event.length()) {
                writer.writeLe32(event.header());
                writer.write(event.payload());
                chain.complete();
                return true;
            }
            if (!usable || event.isDelayedResponse()) {
                // > the device MUST send the corresponding delayed response once enough buffers become
                // > available: this one will not do, and is in the way.
                channel.putBack(event);
                chain.complete(0);
                return true;
            }
            // > If [...] one of the buffers is too small to fit the notification, the device MAY omit the
            // > notification.
            channel.drop();
        }
        chain.putBack();
        return false;
    }

    @Override
    public void handle(DescriptorChain chain) {
        throw new IllegalStateException("event buffers are taken when there is an event");
    }
}
