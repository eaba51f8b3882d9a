// SPDX-License-Identifier: Apache-2.0

/**
 * Packets: what is left to do for them ({@link io.virtio4j.net.packet.NetHeader}), and who can do it
 * ({@link io.virtio4j.net.packet.OffloadSet}). Knows neither queues nor devices.
 */
@NullMarked
package io.virtio4j.net.packet;

import org.jspecify.annotations.NullMarked;
