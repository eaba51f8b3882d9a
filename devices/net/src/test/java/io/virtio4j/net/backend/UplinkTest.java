// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.virtio4j.net.packet.InternetChecksum;
import io.virtio4j.net.packet.NetHeader;
import io.virtio4j.net.packet.OffloadSet;
import io.virtio4j.net.packet.PacketHeaders;
import io.virtio4j.net.packet.TransportChecksum;
import io.virtio4j.net.packet.TransportChecksum.Verdict;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.jspecify.annotations.Nullable;

/** A backend that is not a device's, on a port of a switch. */
class UplinkTest {

    private static final long A = 0x0200_0000_000AL;
    private static final long OUTSIDE = 0x0200_0000_00FFL;

    private final PacketSwitch network = new PacketSwitch(SwitchOptions.defaults().withQueue(4));
    private final Outside outside = new Outside();

    @AfterEach
    void close() {
        network.close();
    }

    /** A wire: takes only complete packets. */
    private static final class Outside implements NetBackend {

        private final List<byte[]> sent = new ArrayList<>();
        private @Nullable NetPort port;
        private boolean writable = true;
        private boolean closed;
        private int flushes;
        private OffloadSet takes = OffloadSet.NONE;

        @Override
        public void attach(NetPort to) {
            port = to;
        }

        @Override
        public OffloadSet takes() {
            return takes;
        }

        @Override
        public boolean isWritable(int pair) {
            return writable;
        }

        @Override
        public void transmit(int pair, ByteBuf packet, NetHeader header) {
            assertTrue(takes.takes(header));
            byte[] bytes = new byte[packet.readableBytes()];
            packet.getBytes(packet.readerIndex(), bytes);
            packet.release();
            sent.add(bytes);
        }

        @Override
        public void flush(int pair) {
            flushes++;
        }

        @Override
        public void close() {
            closed = true;
        }

        void receive(byte[] frame) {
            NetPort to = port;
            assertTrue(to != null && to.receive(NetPort.NO_PAIR, Unpooled.wrappedBuffer(frame), new NetHeader()));
        }
    }

    /** TCP over IPv4; the checksums are whatever they are. */
    private static byte[] tcp(int payload) {
        ByteBuf frame = Unpooled.buffer();
        frame.writeShort(0x0200).writeInt(0xFF).writeShort(0x0200).writeInt(0x0A).writeShort(0x0800);
        frame.writeShort(0x4500).writeShort(40 + payload).writeInt(0).writeInt(0x4006_0000);
        frame.writeInt(0x0A00_0001).writeInt(0x0A00_0002);
        frame.writeInt(0x0400_0050).writeInt(1).writeInt(1).writeShort(0x5010).writeShort(1000).writeInt(0);
        frame.writeZero(payload);
        byte[] bytes = new byte[frame.readableBytes()];
        frame.readBytes(bytes);
        return bytes;
    }

    private static NetHeader large() {
        return new NetHeader().partialCsum(34, 16).gso(NetHeader.GSO_TCPV4, 1000);
    }

    @Test
    void what_the_backend_cannot_do_is_done_before() {
        network.connect("out", PortVlans.all(), outside);
        Station a = new Station(network.port("a"));

        a.send(0, tcp(2500), large());

        assertEquals(3, outside.sent.size());
        for (byte[] bytes : outside.sent) {
            PacketHeaders headers = new PacketHeaders();
            ByteBuf packet = Unpooled.wrappedBuffer(bytes);
            assertTrue(headers.parse(packet));
            assertEquals(Verdict.VALID, TransportChecksum.verify(packet, headers));
        }
        assertTrue(outside.flushes > 0);
    }

    @Test
    void a_partial_checksum_is_completed() {
        network.connect("out", PortVlans.all(), outside);
        Station a = new Station(network.port("a"));
        byte[] frame = tcp(10);
        // The sum of the pseudo header.
        ByteBuf bytes = Unpooled.wrappedBuffer(frame);
        PacketHeaders headers = new PacketHeaders();
        headers.parse(bytes);
        NetHeader header = new NetHeader();
        TransportChecksum.makePartial(bytes, headers, header);

        a.send(0, frame, header);

        ByteBuf packet = Unpooled.wrappedBuffer(outside.sent.getFirst());
        packet.setShort(24, 0); // the IPv4 header's own is not looked after by a partial checksum
        packet.setShort(24, InternetChecksum.checksum(
                InternetChecksum.sum(packet, 14, 20)));
        assertEquals(Verdict.VALID, TransportChecksum.verify(packet, headers));
    }

    @Test
    void what_the_backend_can_do_is_left_to_it() {
        outside.takes = OffloadSet.ALL;
        network.connect("out", PortVlans.all(), outside);
        Station a = new Station(network.port("a"));

        a.send(0, tcp(2500), large());

        assertEquals(1, outside.sent.size());
    }

    @Test
    void a_header_that_does_not_fit_is_dropped_and_counted() {
        SwitchPort port = network.connect("out", PortVlans.all(), outside);
        Station a = new Station(network.port("a"));

        a.send(0, tcp(2500), large().csum(35, 16));

        assertEquals(0, outside.sent.size());
        assertEquals(1, port.count(PortCounter.OUT_DROPPED));
    }

    @Test
    void a_backend_without_room_is_waited_for_with_a_bounded_queue() {
        SwitchPort port = network.connect("out", PortVlans.all(), outside);
        Station a = new Station(network.port("a"));
        outside.writable = false;
        for (int i = 0; i < 10; i++) {
            a.send(tcp(i));
        }
        assertEquals(0, outside.sent.size());
        assertEquals(6, port.count(PortCounter.OUT_DROPPED));

        outside.writable = true;
        outside.port.writable(0);

        assertEquals(4, outside.sent.size());
    }

    @Test
    void what_comes_from_outside_goes_to_the_station_it_is_for() {
        network.connect("out", PortVlans.all(), outside);
        Station a = new Station(network.port("a"));
        Station b = new Station(network.port("b"));
        a.send(Station.frame(OUTSIDE, A, 0, 60));
        b.take();

        outside.receive(Station.frame(A, OUTSIDE, 0, 60));

        assertEquals(1, a.take().size());
        assertEquals(0, b.take().size());
        assertFalse(outside.closed);
        network.close();
        assertTrue(outside.closed);
    }
}
