// SPDX-License-Identifier: Apache-2.0

/** The network device, and the networks behind it. */
module io.virtio4j.net {
    requires static transitive org.jspecify;
    requires transitive io.virtio4j.core;
    requires org.slf4j;

    exports io.virtio4j.net;
    exports io.virtio4j.net.backend;
    exports io.virtio4j.net.packet;
}
