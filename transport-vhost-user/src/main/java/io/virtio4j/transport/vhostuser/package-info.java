// SPDX-License-Identifier: Apache-2.0

/**
 * Serves a device to a virtual machine monitor over a Unix socket: QEMU, Cloud Hypervisor, DPDK, libblkio,
 * user-mode Linux.
 *
 * <p>{@link io.virtio4j.transport.vhostuser.VhostUserServer} is a back-end: the front-end presents the device
 * to the guest and keeps its registers; the back-end gets the guest's memory, the addresses of the rings and an
 * eventfd for each direction of each ring, and does the work. It decides nothing about virtio.
 *
 * <p>The protocol is "Vhost-user Protocol" in QEMU's documentation ({@code docs/interop/vhost-user.rst});
 * sections are cited by their titles. Structures are in native byte order, which is little-endian on both
 * systems that {@link io.virtio4j.host.linux} knows.
 *
 * <p><b>The front-end is not trusted.</b> A bad message is answered with an error where an answer is due, and
 * ends the connection where none is; each descriptor that comes has an owner or is closed; nothing is allocated
 * by a number that the front-end sends, mappings are limited, and shared regions are checked when they are read.
 * What is left: a front-end can take back its memory by truncating the file, unless the file is sealed, which is
 * required unless {@link io.virtio4j.transport.vhostuser.VhostUserServerBuilder#trustMemory()} was chosen.
 */
@NullMarked
package io.virtio4j.transport.vhostuser;

import org.jspecify.annotations.NullMarked;
