// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.vfiouser;

import io.virtio4j.core.device.DeviceContext;
import io.virtio4j.core.device.DeviceType;
import io.virtio4j.core.device.QueueSpec;
import io.virtio4j.core.device.VirtioDevice;
import io.virtio4j.core.queue.DescriptorChain;
import io.virtio4j.core.queue.QueueHandler;
import io.virtio4j.core.queue.VirtQueue;
import java.util.ArrayList;
import java.util.List;

/** Gives back what it gets; while it keeps, later. */
final class EchoDevice implements VirtioDevice {

    private final List<DescriptorChain> kept = new ArrayList<>();
    volatile boolean keeps;

    @Override
    public DeviceType type() {
        return new DeviceType(62, "echo");
    }

    @Override
    public List<QueueSpec> queues() {
        return List.of(new QueueSpec("echo", 64));
    }

    @Override
    public QueueHandler startQueue(VirtQueue queue, DeviceContext context) {
        return chain -> {
            if (keeps) {
                chain.defer();
                synchronized (kept) {
                    kept.add(chain);
                    kept.notifyAll();
                }
            } else {
                echo(chain);
            }
        };
    }

    private static void echo(DescriptorChain chain) {
        byte[] bytes = new byte[(int) Math.min(chain.reader().length(), chain.writer().length())];
        chain.reader().read(bytes);
        chain.writer().write(bytes);
        chain.complete();
    }

    /** Waits until requests are in flight. */
    void awaitKept(int count) throws InterruptedException {
        synchronized (kept) {
            while (kept.size() < count) {
                kept.wait();
            }
        }
    }

    /** The host's I/O ends. */
    void release() {
        List<DescriptorChain> all;
        synchronized (kept) {
            all = List.copyOf(kept);
            kept.clear();
        }
        all.forEach(chain -> {
            try {
                echo(chain);
            } catch (RuntimeException stoppedMeanwhile) {
                chain.complete(0);
            }
        });
    }
}
