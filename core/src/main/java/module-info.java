// SPDX-License-Identifier: Apache-2.0

/** Wire layouts, guest memory, virtqueues and the device lifecycle. Knows no device, no transport. */
module io.virtio4j.core {
    requires static transitive org.jspecify;
    requires transitive io.netty.buffer;
    requires io.netty.common;
    requires jdk.jfr;
    requires org.slf4j;

    exports io.virtio4j.core.wire;
    exports io.virtio4j.core.fault;
    exports io.virtio4j.core.memory;
    exports io.virtio4j.core.queue;
    exports io.virtio4j.core.device;
    exports io.virtio4j.core.transport;
}
