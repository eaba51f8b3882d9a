// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net.backend;

import io.netty.buffer.ByteBuf;
import io.virtio4j.net.packet.NetHeader;

/**
 * What a backend sees of the device. All methods are for any thread, do not block, and do not throw because
 * of a packet, however malformed.
 *
 * <p>The device applies its filters, picks a receive queue and keeps a bounded number of packets for each
 * until the driver supplies buffers.
 */
public interface NetPort {

    /** For packets that came from no queue pair in particular. */
    int NO_PAIR = -1;

    /**
     * Gives a packet to the driver, or drops it. Use this if there is no way to make the sender wait.
     *
     * @param pair the queue pair that its flow belongs to, or {@link #NO_PAIR}. A wish: RSS, or the driver's
     *     choice of fewer pairs, override it
     * @param packet owned by the device from now on. An Ethernet frame; may be shorter or longer than such
     *     frames are, then it is dropped
     * @param header what is left to do for it; read during the call only
     * @return whether it was taken or filtered; false if it was dropped for want of room, which was counted
     */
    boolean receive(int pair, ByteBuf packet, NetHeader header);

    /**
     * As {@link #receive}, but if there is no room, nothing happens: the packet still belongs to the caller,
     * and {@link NetBackend#receiveReady} is called when it is worth another try.
     *
     * @return whether the device took the packet; also if it dropped it because of a filter, or since no
     *     driver is there
     */
    boolean offer(int pair, ByteBuf packet, NetHeader header);

    /** {@link NetBackend#isWritable} is true again for a pair. */
    void writable(int pair);

    /** The link went up or down. The driver is told if it wants to know. */
    void linkUp(boolean up);
}
