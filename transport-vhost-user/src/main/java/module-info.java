// SPDX-License-Identifier: Apache-2.0

/** Serves devices to virtual machine monitors over vhost-user. */
module io.virtio4j.transport.vhostuser {
    requires static transitive org.jspecify;
    requires transitive io.virtio4j.core;
    requires transitive io.virtio4j.host.linux;
    requires org.slf4j;

    exports io.virtio4j.transport.vhostuser;
}
