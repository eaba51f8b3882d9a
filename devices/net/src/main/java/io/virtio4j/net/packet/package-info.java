// SPDX-License-Identifier: Apache-2.0

/**
 * Packets: what is left to do for them ({@link io.virtio4j.net.packet.NetHeader}), who can do it ({@link
 * io.virtio4j.net.packet.OffloadSet}), and how to do it in software. Knows neither queues nor devices.
 *
 * <p>{@link io.virtio4j.net.packet.PacketHeaders} finds headers, {@link
 * io.virtio4j.net.packet.TransportChecksum} completes and checks checksums, {@link
 * io.virtio4j.net.packet.Segmenter} cuts large packets, and {@link io.virtio4j.net.packet.PacketHash} hashes
 * flows, inside of a {@link io.virtio4j.net.packet.Tunnel} if it has to.
 *
 * <p>Packets are hostile: every length and offset in them, and beside them, is checked before it is used, and
 * what does not fit is an answer and not an exception. Nothing allocates per packet.
 */
@NullMarked
package io.virtio4j.net.packet;

import org.jspecify.annotations.NullMarked;
