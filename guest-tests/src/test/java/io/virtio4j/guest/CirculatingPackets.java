// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import io.netty.buffer.ByteBuf;
import io.virtio4j.net.backend.LoopbackBackend;
import io.virtio4j.net.backend.NetBackend;
import io.virtio4j.net.backend.NetPort;
import io.virtio4j.net.packet.NetHeader;
import java.util.zip.CRC32C;

/**
 * Gives every packet back to a driver that sends it again, and so on: a fixed number of packets goes round. The
 * packet that comes so many later has to be the same: none was lost, none came twice, all are whole and in order.
 */
final class CirculatingPackets implements NetBackend {

    private final LoopbackBackend loopback = LoopbackBackend.plain();
    private final int[] checksums;
    private final int[] lengths;
    private final CRC32C crc = new CRC32C();
    private long packets;
    private long wrong;
    private long longest;

    /** Expects a number of packets. */
    CirculatingPackets(int count) {
        checksums = new int[count];
        lengths = new int[count];
    }

    @Override
    public void attach(NetPort port) {
        loopback.attach(port);
    }

    @Override
    public boolean isWritable(int pair) {
        return loopback.isWritable(pair);
    }

    @Override
    public void transmit(int pair, ByteBuf packet, NetHeader header) {
        check(packet);
        loopback.transmit(pair, packet, header);
    }

    private synchronized void check(ByteBuf packet) {
        int slot = (int) (packets % checksums.length);
        crc.reset();
        crc.update(packet.nioBuffer());
        if (packets < checksums.length) {
            checksums[slot] = (int) crc.getValue();
            lengths[slot] = packet.readableBytes();
            longest = Math.max(longest, lengths[slot]);
        } else if (checksums[slot] != (int) crc.getValue() || lengths[slot] != packet.readableBytes()) {
            wrong++;
        }
        packets++;
    }

    @Override
    public void receiveReady() {
        loopback.receiveReady();
    }

    @Override
    public void queuePairs(int count) {
        loopback.queuePairs(count);
    }

    /** How many came from the driver. */
    synchronized long packets() {
        return packets;
    }

    /** How many of them were not the packet that was due. */
    synchronized long wrong() {
        return wrong;
    }

    /** The bytes of the longest packet. */
    synchronized long longest() {
        return longest;
    }

    /** How many were not given back. */
    long dropped() {
        return loopback.dropped();
    }

    @Override
    public void close() {
        loopback.close();
    }
}
