// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.examples;

import io.virtio4j.core.device.DeviceContext;
import io.virtio4j.core.device.DeviceType;
import io.virtio4j.core.device.QueueSpec;
import io.virtio4j.core.device.VirtioDevice;
import io.virtio4j.core.queue.QueueHandler;
import io.virtio4j.core.queue.VirtQueue;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/** A device of one's own. */
final class OwnDevice {

    private OwnDevice() {}

    // tag::device[]
    /** Throws dice: each byte of the driver's buffer becomes 1 to 6. */
    static final class Dice implements VirtioDevice {
        public DeviceType type() { return new DeviceType(62, "dice"); }
        public List<QueueSpec> queues() { return List.of(QueueSpec.named("throwq")); }
        public QueueHandler startQueue(VirtQueue queue, DeviceContext context) {
            return chain -> {
                while (chain.writer().remaining() > 0) {
                    chain.writer().writeU8(ThreadLocalRandom.current().nextInt(1, 7));
                }
                chain.complete();
            };
        }
    }
    // end::device[]
}
