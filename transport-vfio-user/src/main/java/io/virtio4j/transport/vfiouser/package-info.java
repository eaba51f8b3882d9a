// SPDX-License-Identifier: Apache-2.0

/**
 * Serves a PCI function to a virtual machine monitor over a Unix socket: QEMU's {@code vfio-user-pci},
 * Cloud Hypervisor, SPDK.
 *
 * <p>{@link io.virtio4j.transport.vfiouser.VfioUserServer} carries the accesses of a guest to a {@link
 * io.virtio4j.transport.pci.PciFunction}, the guest's memory to the function's {@link
 * io.virtio4j.core.memory.GuestMemory}, and its interrupts to the eventfds of the client. It decides
 * nothing about virtio.
 *
 * <p>The protocol is "vfio-user Protocol Specification", version 0.0, in QEMU's documentation ({@code
 * docs/interop/vfio-user.rst}); sections are cited by their titles. Structures are little-endian, as are
 * both systems that {@link io.virtio4j.host.linux} knows.
 *
 * <p><b>The client is not trusted.</b> A bad message is answered with an error where an answer is due, and
 * ends the connection where none is; each descriptor that comes has an owner or is closed; nothing is
 * allocated by a number that the client sends, and mappings are limited. What is left: a client can take
 * back its memory by truncating the file, unless the file is sealed, which is required unless {@link
 * io.virtio4j.transport.vfiouser.VfioUserServerBuilder#trustMemory()} was chosen.
 */
@NullMarked
package io.virtio4j.transport.vfiouser;

import org.jspecify.annotations.NullMarked;
