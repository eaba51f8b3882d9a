// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs;

import io.virtio4j.core.queue.ChainWriter;
import io.virtio4j.core.queue.DescriptorChain;
import io.virtio4j.core.queue.QueueHandler;
import io.virtio4j.core.queue.VirtQueue;
import java.util.ArrayDeque;
import java.util.Queue;

/**
 * The queue for what the driver did not ask for. Messages wait for buffers; what is too much is dropped. [File System
 * Device / Device Operation / Device Operation: Notification Queue]
 */
final class NotificationQueue implements QueueHandler {

    private static final int MOST_WAITING = 4096;

    private final FsDevice device;
    private final VirtQueue virtQueue;
    private final Queue<byte[]> waiting = new ArrayDeque<>();

    NotificationQueue(FsDevice device, VirtQueue virtQueue) {
        this.device = device;
        this.virtQueue = virtQueue;
    }

    /** Takes a message with its header, by any thread; false if too many wait. */
    boolean add(byte[] message) {
        synchronized (waiting) {
            if (waiting.size() >= MOST_WAITING) {
                return false;
            }
            waiting.add(message);
        }
        virtQueue.wake();
        return true;
    }

    boolean isOf(VirtQueue queue) {
        return virtQueue == queue;
    }

    @Override
    public void service(VirtQueue queue) {
        while (true) {
            byte[] message;
            synchronized (waiting) {
                message = waiting.peek();
            }
            if (message == null) {
                return;
            }
            DescriptorChain chain = queue.take();
            if (chain == null) {
                return;
            }
            if (put(chain, message)) {
                synchronized (waiting) {
                    waiting.remove();
                }
                device.counts().count(FsCounter.NOTIFICATIONS);
            }
        }
    }

    private static boolean put(DescriptorChain chain, byte[] message) {
        ChainWriter writer = chain.writer();
        if (chain.hasUnmapped() || writer.length() < message.length) {
            // > The driver MUST provide buffers of at least notify_buf_size bytes.
            chain.complete(0);
            return false;
        }
        writer.write(message);
        chain.complete();
        return true;
    }

    @Override
    public void handle(DescriptorChain chain) {
        chain.putBack(); // buffers are taken when there is something to put in
    }
}
