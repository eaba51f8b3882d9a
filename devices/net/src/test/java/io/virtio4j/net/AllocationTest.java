// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.net.backend.NetBackend;
import io.virtio4j.net.backend.NetPort;
import io.virtio4j.net.packet.NetHeader;
import io.virtio4j.net.packet.NetHeaderLayout;
import io.virtio4j.net.packet.OffloadSet;
import io.virtio4j.testkit.AllocationCheck;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.DriverQueue;
import io.virtio4j.testkit.GuestBuffer;
import io.virtio4j.testkit.GuestRam;
import io.virtio4j.testkit.Submitted.Descriptor;
import io.virtio4j.testkit.TestDriver;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.jspecify.annotations.Nullable;

/** Packets allocate nothing, in both directions, whole or cut, compiled or not. */
class AllocationTest {

    /** Takes or gives packets without keeping anything. */
    private static final class Sink implements NetBackend {

        private OffloadSet takes = OffloadSet.NONE;
        private int packets;
        private @Nullable NetPort port;

        @Override
        public void attach(NetPort newPort) {
            port = newPort;
        }

        @Override
        public OffloadSet takes() {
            return takes;
        }

        @Override
        public void transmit(int pair, ByteBuf packet, NetHeader header) {
            packets++;
            packet.release();
        }

        @Override
        public void close() {}
    }

    private final Sink sink = new Sink();

    private TestDriver start(RingFormat format) {
        GuestRam ram = GuestRam.empty().add(GuestRam.BASE, 40 << 20);
        return TestDriver.attach(NetDevice.of(sink).mac(Packets.GUEST).queuePairs(2).build(), ram, builder -> {})
                .start(DriverOptions.of(format).queueSize(256));
    }

    private static Descriptor outgoing(TestDriver driver, NetHeader header, byte[] packet) {
        byte[] bytes = new byte[32 + packet.length];
        NetHeaderLayout.write(header, MemorySegment.ofArray(bytes), 0, 32);
        System.arraycopy(packet, 0, bytes, 32, packet.length);
        GuestBuffer buffer = driver.ram().allocate(bytes.length);
        buffer.write(0, bytes);
        return new Descriptor(buffer.address(), bytes.length, false);
    }

    // ── Transmit ───────────────────────────────────────────────────────────

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void small_packets_are_transmitted(RingFormat format) {
        assertTransmits(format, new NetHeader(), Packets.udp4(Packets.PEER, 60, 7000));
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void packets_with_a_partial_checksum_are_transmitted(RingFormat format) {
        byte[] packet = Packets.tcp4(Packets.PEER, 1460, 7000);
        assertTransmits(format, Packets.partial(packet), packet);
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void large_packets_are_segmented(RingFormat format) {
        byte[] packet = Packets.tcp4(Packets.PEER, 60_000, 7000);
        assertTransmits(format, Packets.large(packet, NetHeader.GSO_TCPV4, 1460), packet);
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void large_packets_are_passed_on(RingFormat format) {
        sink.takes = OffloadSet.ALL;
        byte[] packet = Packets.tcp4(Packets.PEER, 60_000, 7000);
        assertTransmits(format, Packets.large(packet, NetHeader.GSO_TCPV4, 1460), packet);
    }

    private void assertTransmits(RingFormat format, NetHeader header, byte[] packet) {
        try (TestDriver driver = start(format)) {
            Descriptor descriptor = outgoing(driver, header, packet);
            AllocationCheck.assertAllocatesNothing(packets -> transmitTurn(driver, descriptor, packets));
        }
    }

    /** What a turn with so many packets allocates. */
    private static long transmitTurn(TestDriver driver, Descriptor descriptor, int packets) {
        DriverQueue queue = driver.queue(1);
        for (int i = 0; i < packets; i++) {
            queue.add(descriptor);
        }
        queue.publish();
        queue.kickAlways();
        long allocated = AllocationCheck.bytesOf(() -> driver.instance().poll(100));
        assertEquals(packets, queue.collect());
        return allocated;
    }

    // ── Receive ────────────────────────────────────────────────────────────

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void small_packets_are_received(RingFormat format) {
        assertReceives(format, new NetHeader(), Packets.udp4(Packets.GUEST, 60, 7000), 1);
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void packets_over_several_buffers_are_received(RingFormat format) {
        assertReceives(format, new NetHeader(), Packets.udp4(Packets.GUEST, 8000, 7000), 6);
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void large_packets_are_cut_for_the_driver(RingFormat format) {
        byte[] packet = Packets.tcp4(Packets.GUEST, 10_000, 7000);
        sink.takes = OffloadSet.NONE;
        assertReceives(format, Packets.large(packet, NetHeader.GSO_TCPV4, 1000), packet, 10);
    }

    private void assertReceives(RingFormat format, NetHeader header, byte[] packet, int buffers) {
        try (TestDriver driver = start(format)) {
            driver.queue(0).mayKeepBuffers();
            if (buffers == 10) {
                driver.queue(4).exchange(Card.join(new byte[] {5, 0}, Card.le64(0)), 1);
            }
            driver.queue(4).exchange(Card.join(new byte[] {4, 1},
                    Card.rss(0x1FF, 0, new int[] {0}, 2, Packets.random(1, 40))), 1);
            ByteBuf[] reused = new ByteBuf[AllocationCheck.MANY];
            for (int i = 0; i < AllocationCheck.MANY; i++) {
                reused[i] = new UnpooledByteBufAllocator(true, true).directBuffer(packet.length);
            }
            GuestBuffer target = driver.ram().allocate(1500);
            Descriptor descriptor = new Descriptor(target.address(), 1500, true);
            AllocationCheck.assertAllocatesNothing(
                    packets -> receiveTurn(driver, descriptor, reused, header, packet, buffers, packets));
            for (ByteBuf each : reused) {
                each.release();
            }
        }
    }

    private long receiveTurn(TestDriver driver, Descriptor descriptor, ByteBuf[] reused, NetHeader header,
            byte[] packet, int buffers, int packets) {
        DriverQueue queue = driver.queue(0);
        for (int i = 0; i < packets * buffers; i++) {
            queue.add(descriptor);
        }
        queue.publish();
        queue.kickAlways();
        NetPort port = Objects.requireNonNull(sink.port);
        for (int i = 0; i < packets; i++) {
            reused[i].clear().writeBytes(packet).retain();
        }
        long allocated = AllocationCheck.bytesOf(() -> {
            for (int i = 0; i < packets; i++) {
                port.receive(NetPort.NO_PAIR, reused[i], header);
            }
            driver.instance().poll(100);
        });
        assertEquals(packets * buffers, queue.collect());
        return allocated;
    }
}
