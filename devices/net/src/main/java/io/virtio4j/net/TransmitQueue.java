// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net;

import io.netty.buffer.ByteBuf;
import io.virtio4j.core.device.CounterTable;
import io.virtio4j.core.fault.ChainFault;
import io.virtio4j.core.queue.ChainReader;
import io.virtio4j.core.queue.DescriptorChain;
import io.virtio4j.core.queue.QueueHandler;
import io.virtio4j.core.queue.VirtQueue;
import io.virtio4j.net.backend.NetBackend;
import io.virtio4j.net.packet.NetHeader;
import io.virtio4j.net.packet.NetHeaderLayout;
import io.virtio4j.net.packet.PacketHeaders;
import io.virtio4j.net.packet.Segmenter;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * One running transmit queue. Each packet is copied out of guest memory once, before anything is decided
 * about it; the driver has its buffer back before the packet is on its way. [Packet Transmission]
 */
final class TransmitQueue implements QueueHandler {

    /** What is done in one turn, in bytes: a few milliseconds' worth. */
    private static final int TURN = 8 << 20;

    /** What a packet costs beside its bytes. */
    private static final int PACKET_COST = 256;

    private final NetDevice device;
    private final VirtQueue virtQueue;
    private final NetBackend backend;
    private final int pair;
    private final int headerSize;
    private final TransmitRules rules;
    private final CounterTable<NetCounter> counters;
    private final Coalescing coalescing;

    private final PacketPool pool = new PacketPool();
    private final Segmenter segmenter = new Segmenter();
    private final PacketHeaders headers = new PacketHeaders();
    private final MemorySegment bytes = MemorySegment.ofArray(new byte[NetHeaderLayout.SIZE_WITH_OUTER]);
    private final NetHeader header = new NetHeader();
    private final NetHeader complete = new NetHeader();

    private int budget;

    TransmitQueue(NetDevice device, VirtQueue virtQueue, int pair, Coalescing coalescing) {
        this.device = device;
        this.virtQueue = virtQueue;
        this.backend = device.backend();
        this.pair = pair;
        this.headerSize = device.headerSize();
        this.rules = new TransmitRules(device.negotiated(), segmenter);
        this.counters = device.counts();
        this.coalescing = coalescing;
    }

    Coalescing coalescing() {
        return coalescing;
    }

    // ── The owner's turn ───────────────────────────────────────────────────

    @Override
    public void service(VirtQueue queue) {
        budget = TURN;
        if (isWritable() && queue.drain(this) > 0) {
            flush();
        }
    }

    @Override
    public void handle(DescriptorChain chain) {
        if (budget <= 0) {
            chain.putBack();
            virtQueue.wake();
            return;
        }
        if (!isWritable()) {
            chain.putBack(); // until the backend says that it can be written again
            return;
        }
        ByteBuf packet = read(chain);
        chain.complete(0);
        coalescing.packet();
        if (packet == null) {
            count(NetCounter.TX_DROPS, 1);
            count(NetCounter.TX_DROP_MALFORMED, 1);
            return;
        }
        budget -= packet.readableBytes() + PACKET_COST;
        send(packet);
    }

    /** Copies header and packet out of guest memory; {@code null} if they cannot be transmitted. */
    private @Nullable ByteBuf read(DescriptorChain chain) {
        ChainReader reader = chain.reader();
        long length = reader.length() - headerSize;
        if (length < PacketHeaders.ETHERNET_LENGTH || length > NetDevice.MOST_PACKET) {
            return null;
        }
        ByteBuf packet = pool.take((int) length);
        try {
            reader.read(bytes, 0, headerSize);
            reader.read(packet, (int) length);
        } catch (ChainFault e) {
            packet.release();
            return null;
        }
        NetHeaderLayout.read(bytes, 0, headerSize, header);
        if (!rules.admit(packet, header)) {
            packet.release();
            return null;
        }
        return packet;
    }

    private void send(ByteBuf packet) {
        count(header.needsCsum() ? NetCounter.TX_NEEDS_CSUM : NetCounter.TX_CSUM_NONE, 1);
        Steering steering = device.steering();
        if (steering.learns()) {
            steering.learn(packet, headers, pair);
        }
        if (!device.isLinkUp()) {
            drop(packet);
        } else if (header.gsoType() == NetHeader.GSO_NONE && !header.needsCsum()
                || backend.takes().takes(header)) {
            if (header.isGso()) {
                countLarge(packet);
                count(NetCounter.TX_GSO_PACKETS_NOSEG, 1);
                count(NetCounter.TX_GSO_BYTES_NOSEG, packet.readableBytes());
            }
            transmit(packet, header);
        } else {
            finish(packet);
        }
    }

    /** The backend takes complete packets only: checksums and segments are made here. */
    private void finish(ByteBuf packet) {
        if (!segmenter.prepare(packet, header).isNone()) {
            count(NetCounter.TX_DROP_MALFORMED, 1);
            drop(packet);
            return;
        }
        if (!header.isGso()) {
            transmit(packet, complete.clear());
            return;
        }
        countLarge(packet);
        int segments = segmenter.count();
        for (int i = 0; i < segments; i++) {
            int length = segmenter.length(i);
            ByteBuf segment = pool.take(length);
            segmenter.write(i, segment);
            count(NetCounter.TX_GSO_SEGMENTS, 1);
            count(NetCounter.TX_GSO_SEGMENTS_BYTES, length);
            budget -= PACKET_COST;
            transmit(segment, complete.clear());
        }
        packet.release();
    }

    private void countLarge(ByteBuf packet) {
        count(NetCounter.TX_GSO_PACKETS, 1);
        count(NetCounter.TX_GSO_BYTES, packet.readableBytes());
    }

    private void transmit(ByteBuf packet, NetHeader what) {
        int length = packet.readableBytes();
        try {
            backend.transmit(pair, packet, what);
        } catch (RuntimeException e) {
            count(NetCounter.TX_DROPS, 1);
            device.backendFailed(e);
            return;
        }
        count(NetCounter.TX_PACKETS, 1);
        count(NetCounter.TX_BYTES, length);
    }

    private void drop(ByteBuf packet) {
        packet.release();
        count(NetCounter.TX_DROPS, 1);
    }

    private boolean isWritable() {
        try {
            return backend.isWritable(pair);
        } catch (RuntimeException e) {
            device.backendFailed(e);
            return true;
        }
    }

    private void flush() {
        try {
            backend.flush(pair);
        } catch (RuntimeException e) {
            device.backendFailed(e);
        }
    }

    private void count(NetCounter counter, long amount) {
        counters.countAlone(pair, counter, amount);
    }

    // ── Any thread ─────────────────────────────────────────────────────────

    /** The backend can be written again. */
    void wake() {
        virtQueue.wake();
    }

    /** The queue takes no more turns. */
    void stop() {
        coalescing.stop();
        pool.close();
    }
}
