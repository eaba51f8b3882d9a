// SPDX-License-Identifier: Apache-2.0

/**
 * SCMI device. [Device Types / SCMI Device]
 *
 * <p>{@link io.virtio4j.scmi.ScmiDevice} carries messages between a driver and a {@link
 * io.virtio4j.scmi.protocol.ScmiPlatform}. It knows no protocol; the platform knows no virtqueue.
 */
@NullMarked
package io.virtio4j.scmi;

import org.jspecify.annotations.NullMarked;
