// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.pci;

/** What a BAR can hold. [Virtio Structure PCI Capabilities], [PCI] */
public enum PciStructure {
    /** Common configuration. [Common configuration structure layout] */
    COMMON,
    /** Notifications, at an address for each queue. [Notification structure layout] */
    NOTIFY,
    /** ISR status. [ISR status capability] */
    ISR,
    /** Device-specific configuration. [Device-specific configuration] */
    DEVICE,
    /** The device's shared memory regions, one after the other. [Shared memory capability] */
    SHARED_MEMORY,
    /** The MSI-X table. [PCI] */
    MSIX_TABLE,
    /** The pending bits of MSI-X. [PCI] */
    MSIX_PBA,
    /**
     * Notifications once more, at one address in I/O space that all queues share: on some hypervisors an
     * access to I/O space is cheaper. Listed before {@link #NOTIFY}. [Virtio Structure PCI Capabilities]
     */
    PORT_NOTIFY,
    /**
     * Lets a legacy driver that takes the function for its own fail gracefully: in an I/O BAR 0, at offset
     * 0. When it resets its device there, the function goes silent until it is reset itself.
     * [Non-transitional Device With Legacy Driver]
     */
    LEGACY_GUARD;

    /** Whether the driver can reach it through the PCI configuration access capability. */
    boolean isInWindow() {
        return switch (this) {
            case COMMON, NOTIFY, ISR, DEVICE, PORT_NOTIFY -> true;
            case SHARED_MEMORY, MSIX_TABLE, MSIX_PBA, LEGACY_GUARD -> false;
        };
    }
}
