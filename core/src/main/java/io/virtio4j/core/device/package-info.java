// SPDX-License-Identifier: Apache-2.0

/**
 * What a device author implements and is given.
 *
 * <p>{@link io.virtio4j.core.device.VirtioDevice} says what a device is: type, queues, features,
 * configuration. For each queue that the driver starts it supplies a {@link
 * io.virtio4j.core.queue.QueueHandler}. Status, negotiation, rings, notifications, faults, reset, suspend
 * and snapshots are the framework's.
 */
@NullMarked
package io.virtio4j.core.device;

import org.jspecify.annotations.NullMarked;
