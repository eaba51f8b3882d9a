// SPDX-License-Identifier: Apache-2.0

/** Serves PCI functions to virtual machine monitors over vfio-user. */
module io.virtio4j.transport.vfiouser {
    requires static transitive org.jspecify;
    requires transitive io.virtio4j.core;
    requires transitive io.virtio4j.host.linux;
    requires transitive io.virtio4j.transport.pci;
    requires com.fasterxml.jackson.core;
    requires org.slf4j;

    exports io.virtio4j.transport.vfiouser;
}
