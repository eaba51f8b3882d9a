// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.benchmarks.net;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.virtio4j.core.device.CoreFeature;
import io.virtio4j.core.queue.Runner;
import io.virtio4j.core.transport.DeviceInstance;
import io.virtio4j.host.linux.UnixAddress;
import io.virtio4j.net.NetDevice;
import io.virtio4j.net.NetFeature;
import io.virtio4j.net.backend.NetBackend;
import io.virtio4j.net.backend.NetPort;
import io.virtio4j.net.packet.NetHeader;
import io.virtio4j.transport.vhostuser.VhostUserServer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** A network card on a vhost-user socket that takes what is sent, and sends as fast as it is taken, if asked to. */
public final class VhostUserPort implements NetBackend {

    /** More than the device keeps while the driver has no buffers: the next one is always free. */
    private static final int PACKETS = 1024;

    private static final int PACKET_BYTES = 60;
    private static final int BEGIN_NANOS = 1_000_000;

    private final boolean sends;
    private final ByteBuf[] packets = new ByteBuf[PACKETS];
    private final NetHeader header = new NetHeader();
    private volatile boolean driver;
    private @Nullable NetPort port;
    private int next;

    private VhostUserPort(boolean sends) {
        this.sends = sends;
        // Without a search for leaks.
        UnpooledByteBufAllocator allocator = new UnpooledByteBufAllocator(true, true);
        for (int i = 0; i < PACKETS; i++) {
            packets[i] = allocator.directBuffer(PACKET_BYTES).writeZero(PACKET_BYTES);
        }
    }

    @Override
    public void attach(NetPort to) {
        port = to;
        if (sends) {
            Thread.ofPlatform().daemon().name("begin").start(this::begin);
        }
    }

    /** Sends until the device has had enough for the first time; after that, it says itself when it has room. */
    private void begin() {
        while (!driver || !fill()) {
            LockSupport.parkNanos(this, BEGIN_NANOS);
        }
    }

    @Override
    public void receiveReady() {
        fill();
    }

    /** Whether the device refused a packet in the end. */
    private synchronized boolean fill() {
        NetPort to = port;
        for (int i = 0; to != null && i < PACKETS; i++) {
            ByteBuf packet = packets[next].readerIndex(0).retain();
            if (!to.offer(0, packet, header)) {
                packet.release();
                return true;
            }
            next = (next + 1) % PACKETS;
        }
        return false;
    }

    @Override
    public void transmit(int pair, ByteBuf packet, NetHeader todo) {
        packet.release();
    }

    @Override
    public void queuePairs(int count) {
        driver = count > 0;
    }

    @Override
    public void close() {}

    /**
     * Serves until it is killed.
     *
     * @param arguments the socket; {@code send} or {@code take}; {@code poll}, or {@code wait} for the driver's
     *     notifications
     */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        VhostUserPort backend = new VhostUserPort(arguments[1].equals("send"));
        ThreadFactory threads = Thread.ofPlatform().daemon().factory();
        // DPDK's driver keeps the control queue to itself, and marks headers in a packed ring's tables wrongly.
        DeviceInstance card = DeviceInstance.of(NetDevice.of(backend).without(NetFeature.CTRL_VQ).build())
                .runner(arguments[2].equals("poll") ? Runner.busyPolling(threads) : Runner.workerPerQueue(threads))
                .offer(CoreFeature.IN_ORDER).withhold(CoreFeature.INDIRECT_DESC).build();
        try (card; VhostUserServer server =
                VhostUserServer.of(card).trustMemory().listen(UnixAddress.of(Path.of(arguments[0])))) {
            System.out.println("listens: connected=" + server.isConnected());
            new CountDownLatch(1).await();
        }
    }
}
