// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net.backend;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.virtio4j.net.packet.NetHeader;
import io.virtio4j.net.packet.OffloadSet;
import io.virtio4j.net.packet.Segmenter;

/**
 * Connects a backend to a port of a switch: what the backend receives comes in there, and what goes out there
 * is sent by it, after what it cannot do was done.
 */
final class Uplink implements NetPort, AutoCloseable {

    private static final int PAIR = 0;

    private final NetBackend backend;
    private final SwitchPort port;

    // Of the lane, which serves one thread at a time.
    private final Segmenter segmenter = new Segmenter();
    private final NetHeader complete = new NetHeader();

    Uplink(NetBackend backend, SwitchPort port) {
        this.backend = backend;
        this.port = port;
    }

    void start() {
        backend.attach(this);
        backend.driverTakes(OffloadSet.ALL);
        backend.queuePairs(1);
    }

    /** Sends a packet; false if the backend has no room, and says so when it has. */
    boolean send(ByteBuf packet, NetHeader header) {
        if (!backend.isWritable(PAIR)) {
            return false;
        }
        if (backend.takes().takes(header)) {
            backend.transmit(PAIR, packet, header);
            return true;
        }
        if (!segmenter.prepare(packet, header).isNone()) {
            port.count(PortCounter.OUT_DROPPED, 1);
        } else if (header.isGso()) {
            for (int i = 0; i < segmenter.count(); i++) {
                ByteBuf segment = ByteBufAllocator.DEFAULT.directBuffer(segmenter.length(i));
                segmenter.write(i, segment);
                backend.transmit(PAIR, segment, complete.clear());
            }
        } else {
            backend.transmit(PAIR, packet.retain(), complete.clear());
        }
        packet.release();
        return true;
    }

    void flush() {
        backend.flush(PAIR);
    }

    @Override
    public boolean receive(int pair, ByteBuf packet, NetHeader header) {
        port.enter(pair, packet, header);
        return true;
    }

    @Override
    public boolean offer(int pair, ByteBuf packet, NetHeader header) {
        return receive(pair, packet, header);
    }

    @Override
    public void writable(int pair) {
        port.receiveReady();
    }

    @Override
    public void linkUp(boolean up) {
        port.linkUp(up);
    }

    @Override
    public void close() {
        backend.close();
    }
}
