// SPDX-License-Identifier: Apache-2.0

/**
 * Block device. [Device Types / Block Device]
 *
 * <p>{@link io.virtio4j.blk.BlockDevice} is the device: queues, features, configuration, requests. What
 * it stores goes to a {@link io.virtio4j.blk.BlockBackend}, which knows nothing of virtio: bytes at
 * offsets.
 */
@NullMarked
package io.virtio4j.blk;

import org.jspecify.annotations.NullMarked;
