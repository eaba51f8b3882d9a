// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net;

import io.netty.buffer.ByteBuf;
import io.virtio4j.core.device.CounterTable;
import io.virtio4j.net.Steering.Scratch;
import io.virtio4j.net.backend.NetPort;
import io.virtio4j.net.packet.NetHeader;
import io.virtio4j.net.packet.PacketHash;
import io.virtio4j.net.packet.PacketHeaders;
import org.jspecify.annotations.Nullable;

/**
 * Where packets come in, on any thread: filtered, steered, and handed to the owner of a receive queue.
 * [Processing of Incoming Packets]
 */
final class ReceivePort implements NetPort {

    private final NetDevice device;
    private final CounterTable<NetCounter> counters;

    ReceivePort(NetDevice device) {
        this.device = device;
        this.counters = device.counts();
    }

    @Override
    public boolean receive(int pair, ByteBuf packet, NetHeader header) {
        return accept(pair, packet, header, true);
    }

    @Override
    public boolean offer(int pair, ByteBuf packet, NetHeader header) {
        return accept(pair, packet, header, false);
    }

    private boolean accept(int wish, ByteBuf packet, NetHeader header, boolean mayDrop) {
        if (!device.isPassing()) {
            packet.release();
            return true;
        }
        int length = packet.readableBytes();
        if (length < PacketHeaders.ETHERNET_LENGTH || length > NetDevice.MOST_PACKET) {
            drop(0, NetCounter.RX_MALFORMED, packet);
            return true;
        }
        if (!device.filter().accepts(packet)) {
            counters.count(0, NetCounter.RX_FILTERED, 1);
            packet.release();
            return true;
        }
        return steer(device.steering(), wish, packet, header, mayDrop);
    }

    private boolean steer(
            Steering steering, int wish, ByteBuf packet, NetHeader header, boolean mayDrop) {
        Scratch scratch = Scratch.ofThread();
        int hash = 0;
        int report = PacketHash.NONE;
        if (steering.hashes()) {
            steering.hash(packet, scratch);
            hash = scratch.hash.value();
            report = scratch.hash.report();
        }
        int pair = steering.pair(packet, wish, scratch);
        ReceiveQueue queue = device.receiveQueue(pair);
        if (queue == null && steering.mayChooseAnother()) {
            queue = another(pair, steering.pairs());
        }
        if (queue == null) {
            // > MUST drop the packet. [Automatic receive steering in multiqueue mode], [RSS processing]
            drop(pair, NetCounter.RX_DROPS, packet);
            return true;
        }
        if (queue.offer(packet, header, hash, report)) {
            return true;
        }
        if (mayDrop) {
            drop(pair, NetCounter.RX_DROP_OVERRUNS, packet);
        }
        return false;
    }

    private @Nullable ReceiveQueue another(int pair, int pairs) {
        for (int i = 1; i < pairs; i++) {
            ReceiveQueue queue = device.receiveQueue((pair + i) % pairs);
            if (queue != null) {
                return queue;
            }
        }
        return null;
    }

    private void drop(int pair, NetCounter reason, ByteBuf packet) {
        packet.release();
        counters.count(pair, NetCounter.RX_DROPS, 1);
        if (reason != NetCounter.RX_DROPS) {
            counters.count(pair, reason, 1);
        }
    }

    @Override
    public void writable(int pair) {
        device.writable(pair);
    }

    @Override
    public void linkUp(boolean up) {
        device.setLinkUp(up);
    }
}
