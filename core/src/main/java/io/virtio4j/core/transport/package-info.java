// SPDX-License-Identifier: Apache-2.0

/**
 * What a transport author builds on, and what an embedder configures.
 *
 * <p>{@link io.virtio4j.core.transport.DeviceInstance} is one device as a driver sees it: status, features,
 * configuration, queues, reset, suspend. There is one lifecycle, and it is there. A transport maps registers
 * or messages onto calls of it, and {@link io.virtio4j.core.transport.NotificationSink} calls onto
 * interrupts; it decides nothing.
 */
@NullMarked
package io.virtio4j.core.transport;

import org.jspecify.annotations.NullMarked;
