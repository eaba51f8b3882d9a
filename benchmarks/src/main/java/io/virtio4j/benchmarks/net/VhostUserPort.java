// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.benchmarks.net;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
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
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** A network card on a vhost-user socket that takes what is sent, and sends as fast as it is taken, if asked to. */
public final class VhostUserPort implements NetBackend {

    /** More than the device keeps while the driver has no buffers. */
    private static final int PACKETS = 1024;

    private static final int PACKET_BYTES = 60;

    private final boolean sends;
    private final ByteBuf[] packets = new ByteBuf[PACKETS];
    private final NetHeader header = new NetHeader();
    private volatile @Nullable Thread sender;
    private volatile boolean driver;
    private @Nullable NetPort port;

    private VhostUserPort(boolean sends) {
        this.sends = sends;
    }

    @Override
    public void attach(NetPort to) {
        port = to;
        if (sends) {
            for (int i = 0; i < PACKETS; i++) {
                packets[i] = PooledByteBufAllocator.DEFAULT.directBuffer(PACKET_BYTES).writeZero(PACKET_BYTES);
            }
            sender = Thread.ofPlatform().daemon().name("sender").start(() -> send(to));
        }
    }

    /** A packet is free again when the device has released it. */
    private void send(NetPort to) {
        for (int next = 0; ; next = (next + 1) % PACKETS) {
            ByteBuf packet = packets[next];
            while (!driver || packet.refCnt() > 1 || !offer(to, packet)) {
                LockSupport.parkNanos(this, 50_000);
            }
        }
    }

    private boolean offer(NetPort to, ByteBuf packet) {
        boolean taken = to.offer(0, packet.readerIndex(0).retain(), header);
        if (!taken) {
            packet.release();
        }
        return taken;
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
    public void receiveReady() {
        LockSupport.unpark(sender);
    }

    @Override
    public void close() {}

    /**
     * Serves until it is killed.
     *
     * @param arguments the socket; {@code send} or {@code take}
     */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        VhostUserPort backend = new VhostUserPort(arguments[1].equals("send"));
        // DPDK's driver keeps the control queue to itself, and marks headers in a packed ring's tables wrongly.
        DeviceInstance card = DeviceInstance.of(NetDevice.of(backend).without(NetFeature.CTRL_VQ).build())
                .runner(Runner.workerPerQueue(Thread.ofPlatform().daemon().factory()))
                .offer(CoreFeature.IN_ORDER).withhold(CoreFeature.INDIRECT_DESC).build();
        try (card; VhostUserServer server =
                VhostUserServer.of(card).trustMemory().listen(UnixAddress.of(Path.of(arguments[0])))) {
            System.out.println("listens: connected=" + server.isConnected());
            new CountDownLatch(1).await();
        }
    }
}
