// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.benchmarks.net;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.virtio4j.benchmarks.queue.ChainShape;
import io.virtio4j.benchmarks.queue.PreparedRing;
import io.virtio4j.core.memory.GuestMemory;
import io.virtio4j.core.memory.MemoryRegion;
import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.core.queue.Runner;
import io.virtio4j.core.transport.DeviceInstance;
import io.virtio4j.net.NetCounter;
import io.virtio4j.net.NetDevice;
import io.virtio4j.net.backend.NetBackend;
import io.virtio4j.net.backend.NetPort;
import io.virtio4j.net.packet.NetHeader;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Packets through a network device and its rings: from guest memory to a backend that lets them go, and from
 * a backend to guest memory, each copied once. {@value PreparedRing#BURST} packets a burst, one turn of the
 * queue and one notification. Nanoseconds a packet.
 *
 * <p>Cases: direction x bytes x ring format. Mergeable buffers of 2,048 bytes, one descriptor each.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 7, time = 1)
@Fork(1)
public class NetBenchmark {

    private static final int HEADER = 12;

    /** Which way packets go. */
    public enum Direction {
        /** From the driver to the backend. */
        TRANSMIT,
        /** From the backend to the driver. */
        RECEIVE
    }

    /** Which way. */
    @Param
    public Direction direction = Direction.TRANSMIT;

    /** The size of a packet. */
    @Param({"60", "1514"})
    public int bytes = 60;

    /** The ring format. */
    @Param({"SPLIT", "PACKED"})
    public RingFormat format = RingFormat.SPLIT;

    private final NetHeader header = new NetHeader();
    private final ByteBuf[] packets = new ByteBuf[PreparedRing.BURST];
    private Sink sink;
    private NetDevice card;
    private MemoryRegion region;
    private DeviceInstance device;
    private PreparedRing ring;

    /** Lets go of what is transmitted. */
    private static final class Sink implements NetBackend {

        private @Nullable NetPort port;

        @Override
        public void attach(NetPort newPort) {
            port = newPort;
        }

        @Override
        public void transmit(int pair, ByteBuf packet, NetHeader header) {
            packet.release();
        }

        @Override
        public void close() {}
    }

    /** One buffer for each packet. */
    private final class Shape implements ChainShape {

        @Override
        public int descriptors() {
            return 1;
        }

        @Override
        public boolean isIndirect() {
            return false;
        }

        @Override
        public boolean isWritable(int descriptor) {
            return direction == Direction.RECEIVE;
        }

        @Override
        public int length(int descriptor) {
            return direction == Direction.RECEIVE ? 2048 : HEADER + bytes;
        }
    }

    /** Makes packets, and takes the device through the initialization sequence. */
    @Setup
    public void start() {
        sink = new Sink();
        card = new NetDevice(sink);
        region = MemoryRegion.allocate(0, 1L << 30);
        ring = new PreparedRing(region.segment(), format, new Shape());
        device = DeviceInstance.of(card).memory(GuestMemory.of(region)).runner(Runner.manual()).build();
        ring.start(device, direction == Direction.RECEIVE ? 0 : 1);
        device.poll(100);
        for (int i = 0; i < packets.length; i++) {
            packets[i] = new UnpooledByteBufAllocator(true, true).directBuffer(bytes).writeZero(bytes);
            packets[i].setBytes(0, card.mac().bytes());
        }
    }

    /** A burst through the device. */
    @Benchmark
    @OperationsPerInvocation(PreparedRing.BURST)
    public void transfer() {
        ring.offer();
        if (direction == Direction.RECEIVE) {
            receive();
        } else {
            device.notifyQueue(1);
        }
        device.poll(1);
        if (!ring.isUsed()) {
            throw new IllegalStateException("burst was not used: " + card.counters());
        }
    }

    private void receive() {
        NetPort port = Objects.requireNonNull(sink.port, "the device has not attached its backend");
        for (ByteBuf packet : packets) {
            port.receive(NetPort.NO_PAIR, packet.readerIndex(0).retain(), header);
        }
    }

    /** Looks whether all was done. */
    @TearDown
    public void stop() {
        long transfers = card.counters().get(
                direction == Direction.RECEIVE ? NetCounter.RX_PACKETS : NetCounter.TX_PACKETS);
        long drops = card.counters().get(NetCounter.RX_DROPS) + card.counters().get(NetCounter.TX_DROPS)
                + card.counters().get(NetCounter.RX_FILTERED);
        device.close();
        region.close();
        for (ByteBuf packet : packets) {
            packet.release();
        }
        if (transfers == 0 || drops != 0) {
            throw new IllegalStateException("the card did not do its work: " + card.counters());
        }
    }
}
