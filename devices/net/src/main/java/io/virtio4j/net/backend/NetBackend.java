// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net.backend;

import io.netty.buffer.ByteBuf;
import io.virtio4j.net.packet.NetHeader;
import io.virtio4j.net.packet.OffloadSet;

/**
 * The network behind a device: takes the packets that the driver transmits, and gives those that it is to
 * receive to a {@link NetPort}. To be implemented by the embedder, or use one of this package.
 *
 * <p>A packet is an Ethernet frame without preamble and frame check sequence, in the readable bytes of a
 * buffer: private memory, never the guest's. It is owned by one party at a time, and whoever owns it
 * releases it.
 *
 * <p><b>Threads.</b> Queue pairs are numbered from 0. {@link #transmit}, {@link #flush} and {@link
 * #isWritable} are called by one thread at a time for each pair, and by several threads for several pairs.
 * They do not block. All other methods are called by any thread, one call at a time.
 *
 * <p><b>Back-pressure.</b> Nobody keeps packets without bound. Transmit: the device asks {@link #isWritable}
 * before it takes a packet from the driver; a backend whose room ran out says no, and calls {@link
 * NetPort#writable} when there is room again. Receive: a backend offers packets with {@link NetPort#offer},
 * keeps what was refused or stops reading from its source, and goes on in {@link #receiveReady}; or it uses
 * {@link NetPort#receive}, which drops and counts.
 *
 * <p>Anything that a method throws is counted as a dropped packet, and the device goes on.
 */
public interface NetBackend extends AutoCloseable {

    /**
     * The backend is connected to a device; called once, before any other method, when the device is made.
     * Packets may be given to the port from now on; it drops them as long as no driver is there.
     */
    void attach(NetPort port);

    /**
     * What this backend does by itself for a packet that is transmitted. Where a packet needs more, the
     * device does it before: it gets packets that {@link OffloadSet#takes} is true for. Asked for each packet
     * that leaves something to do: may change. Default: nothing, packets are complete.
     */
    default OffloadSet takes() {
        return OffloadSet.NONE;
    }

    /** What a driver would be told about the most bytes of a packet behind its Ethernet header; 0: nothing. */
    default int mtu() {
        return 0;
    }

    /** Whether {@link #transmit} may be called for one packet, all of its segments. Default: always. */
    default boolean isWritable(int pair) {
        return true;
    }

    /**
     * Sends a packet. May be called after {@link #isWritable} was false for the further segments of one
     * packet, at most 65,536 bytes of payload; what there is no room for is dropped, and counted by the
     * backend.
     *
     * @param pair the queue pair that the driver used
     * @param packet owned by the backend from now on: to be released by it, now or later, by any thread
     * @param header what is left to do, within {@link #takes()}; good until the method returns
     */
    void transmit(int pair, ByteBuf packet, NetHeader header);

    /** No more packets for now: what was gathered can be sent. */
    default void flush(int pair) {}

    /**
     * What the driver takes upon itself from now on, for packets that it receives. To be told on, where the
     * source can make use of it. A packet that needs more is still welcome: the device does the rest.
     */
    default void driverTakes(OffloadSet offloads) {}

    /**
     * How many pairs the driver uses from now on: 0 if there is no driver, otherwise 1 or more. Transmitted
     * packets come with smaller numbers, and so should received ones.
     */
    default void queuePairs(int count) {}

    /** There is room again after {@link NetPort#offer} was refused. Must not block, and may call the port. */
    default void receiveReady() {}

    /**
     * Ends the backend: gives nothing to the port any more and releases what it has. The embedder calls it,
     * after the device was reset for the last time; what is transmitted afterwards is dropped. Idempotent.
     */
    @Override
    void close();
}
