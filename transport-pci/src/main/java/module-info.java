// SPDX-License-Identifier: Apache-2.0

/** Virtio over PCI bus: a device as a PCI function, and a bus for several of them. */
module io.virtio4j.transport.pci {
    requires static transitive org.jspecify;
    requires transitive io.virtio4j.core;

    exports io.virtio4j.transport.pci;
}
