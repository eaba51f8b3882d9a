// SPDX-License-Identifier: Apache-2.0

/**
 * The driver's side of everything, in process, for tests of devices and of transports.
 *
 * <p>{@link io.virtio4j.testkit.TestDriver} attaches to a device and exchanges buffers with it. {@link
 * io.virtio4j.testkit.DriverPort} is how it reaches the device: {@link io.virtio4j.testkit.DirectPort}
 * without a transport, {@link io.virtio4j.testkit.MmioPort} and {@link io.virtio4j.testkit.PciPort}
 * through registers, whose layout stands here a second time, independent of the transports, so that a
 * mistake there is not repeated here.
 */
@NullMarked
package io.virtio4j.testkit;

import org.jspecify.annotations.NullMarked;
