// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.virtio4j.net.backend.NetBackend;
import io.virtio4j.net.backend.NetPort;
import io.virtio4j.net.packet.NetHeader;
import io.virtio4j.net.packet.OffloadSet;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A backend that keeps what is transmitted, and gives what the test says. */
final class Wire implements NetBackend {

    /** A packet that the device transmitted. */
    record Sent(int pair, byte[] packet, NetHeader header) {}

    final List<Sent> sent = new ArrayList<>();
    OffloadSet takes = OffloadSet.NONE;
    OffloadSet driverTakes = OffloadSet.NONE;
    boolean writable = true;
    int mtu;
    int pairs = -1;
    int flushes;
    int ready;
    @Nullable RuntimeException failure;
    private @Nullable NetPort port;

    Wire takes(OffloadSet offloads) {
        takes = offloads;
        return this;
    }

    NetPort port() {
        return Objects.requireNonNull(port, "not attached");
    }

    @Override
    public synchronized void attach(NetPort newPort) {
        port = newPort;
    }

    @Override
    public OffloadSet takes() {
        return takes;
    }

    @Override
    public int mtu() {
        return mtu;
    }

    @Override
    public boolean isWritable(int pair) {
        return writable;
    }

    @Override
    public synchronized void transmit(int pair, ByteBuf packet, NetHeader header) {
        byte[] bytes = new byte[packet.readableBytes()];
        packet.readBytes(bytes).release();
        RuntimeException thrown = failure;
        if (thrown != null) {
            throw thrown;
        }
        sent.add(new Sent(pair, bytes, new NetHeader().set(header)));
    }

    @Override
    public void flush(int pair) {
        flushes++;
    }

    @Override
    public void driverTakes(OffloadSet offloads) {
        driverTakes = offloads;
    }

    @Override
    public void queuePairs(int count) {
        pairs = count;
    }

    @Override
    public void receiveReady() {
        ready++;
    }

    @Override
    public void close() {}

    // ── For tests ──────────────────────────────────────────────────────────

    /** The only packet that was transmitted since the last look. */
    Sent takeOne() {
        assertEquals(1, sent.size(), () -> "sent=" + sent);
        return sent.removeFirst();
    }

    boolean receive(byte[] packet) {
        return receive(packet, new NetHeader());
    }

    boolean receive(byte[] packet, NetHeader header) {
        return port().receive(NetPort.NO_PAIR, Unpooled.copiedBuffer(packet), header);
    }

    boolean offer(byte[] packet) {
        ByteBuf buffer = Unpooled.copiedBuffer(packet);
        boolean taken = port().offer(NetPort.NO_PAIR, buffer, new NetHeader());
        if (!taken) {
            buffer.release();
        }
        return taken;
    }
}
