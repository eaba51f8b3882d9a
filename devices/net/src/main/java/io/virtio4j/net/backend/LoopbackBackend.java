// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net.backend;

import io.netty.buffer.ByteBuf;
import io.virtio4j.net.packet.NetHeader;
import io.virtio4j.net.packet.OffloadSet;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Gives every packet back to the driver that sent it, on the same queue pair, by the thread that sends. What
 * is left to do for it is still left to do. Waits for the driver's buffers with a bounded number of packets.
 */
public final class LoopbackBackend implements NetBackend {

    private static final int CAPACITY = 256;
    private static final int ADDRESS = 6;

    private final boolean answers;
    private final Lane lane = new Lane(CAPACITY, this::give);
    private final AtomicLong dropped = new AtomicLong();
    private volatile @Nullable NetPort port;
    private volatile boolean wantedRoom;
    private volatile int pairs = 1;

    private LoopbackBackend(boolean answers) {
        this.answers = answers;
    }

    /** Packets come back as they are. The device's filter decides whether the driver sees them. */
    public static LoopbackBackend plain() {
        return new LoopbackBackend(false);
    }

    /** Packets come back with source and destination address exchanged, as if somebody had answered. */
    public static LoopbackBackend answering() {
        return new LoopbackBackend(true);
    }

    @Override
    public void attach(NetPort to) {
        port = to;
    }

    @Override
    public OffloadSet takes() {
        return OffloadSet.ALL;
    }

    @Override
    public boolean isWritable(int pair) {
        if (!lane.isFull()) {
            return true;
        }
        wantedRoom = true;
        return !lane.isFull();
    }

    @Override
    public void transmit(int pair, ByteBuf packet, NetHeader header) {
        if (answers && packet.readableBytes() >= 2 * ADDRESS) {
            exchangeAddresses(packet);
        }
        if (!lane.put(pair, packet, header)) {
            packet.release();
            dropped.incrementAndGet();
        }
        lane.deliver();
    }

    private static void exchangeAddresses(ByteBuf packet) {
        int at = packet.readerIndex();
        int high = packet.getUnsignedShort(at);
        int low = packet.getInt(at + 2);
        packet.setShort(at, packet.getUnsignedShort(at + ADDRESS));
        packet.setInt(at + 2, packet.getInt(at + ADDRESS + 2));
        packet.setShort(at + ADDRESS, high);
        packet.setInt(at + ADDRESS + 2, low);
    }

    private boolean give(int pair, ByteBuf packet, NetHeader header) {
        NetPort to = port;
        return to != null && to.offer(pair, packet, header);
    }

    @Override
    public void receiveReady() {
        lane.deliver();
        NetPort to = port;
        if (wantedRoom && !lane.isFull() && to != null) {
            wantedRoom = false;
            for (int pair = 0; pair < pairs; pair++) {
                to.writable(pair);
            }
        }
    }

    @Override
    public void queuePairs(int count) {
        pairs = count;
    }

    /** How many packets were dropped, since more were sent than fit. */
    public long dropped() {
        return dropped.get();
    }

    @Override
    public void close() {
        lane.close();
    }
}
