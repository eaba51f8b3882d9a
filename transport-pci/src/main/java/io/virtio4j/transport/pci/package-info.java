// SPDX-License-Identifier: Apache-2.0

/**
 * Virtio over PCI bus. [Virtio Over PCI Bus]
 *
 * <p>{@link io.virtio4j.transport.pci.PciTransport} presents one device as a PCI function: configuration
 * space with its capabilities, BARs with the virtio structures in them, MSI-X and INTx. {@link
 * io.virtio4j.transport.pci.PciBus} finds functions by ECAM offset, by the configuration ports, and by the
 * addresses of their BARs. {@link io.virtio4j.transport.pci.PciLayout} says which structure is where.
 *
 * <p>Threads: every access of the driver may come on any thread, and interrupts leave on the thread that
 * caused them. Notifications and interrupts take no lock. A lock is held for the bytes of configuration
 * space only, and never while the device or the embedder is called.
 */
@NullMarked
package io.virtio4j.transport.pci;

import org.jspecify.annotations.NullMarked;
