// SPDX-License-Identifier: Apache-2.0

/**
 * Network device. [Device Types / Network Device]
 *
 * <p>{@link io.virtio4j.net.NetDevice} is the device: queues, features, configuration, control commands. The
 * network behind it is a {@link io.virtio4j.net.backend.NetBackend}, which knows nothing of virtio: packets,
 * and what is left to do for them.
 */
@NullMarked
package io.virtio4j.net;

import org.jspecify.annotations.NullMarked;
