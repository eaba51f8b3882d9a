// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net;

import static io.virtio4j.net.packet.NetHeader.F_DATA_VALID;
import static io.virtio4j.net.packet.NetHeader.F_NEEDS_CSUM;
import static io.virtio4j.net.packet.NetHeader.F_RSC_INFO;
import static io.virtio4j.net.packet.NetHeader.F_UDP_TUNNEL_CSUM;
import static io.virtio4j.net.packet.NetHeader.GSO_ECN;
import static io.virtio4j.net.packet.NetHeader.GSO_NONE;
import static io.virtio4j.net.packet.NetHeader.GSO_TCPV4;
import static io.virtio4j.net.packet.NetHeader.GSO_TCPV6;
import static io.virtio4j.net.packet.NetHeader.GSO_UDP;
import static io.virtio4j.net.packet.NetHeader.GSO_UDP_L4;
import static io.virtio4j.net.packet.NetHeader.GSO_UDP_TUNNEL_IPV4;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.Unpooled;
import io.virtio4j.core.device.DeviceClock;
import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.net.Card.Received;
import io.virtio4j.net.packet.NetHeader;
import io.virtio4j.net.packet.TransportChecksum;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.DriverQueue;
import io.virtio4j.testkit.Layout;
import io.virtio4j.testkit.conformance.HostileCase;
import io.virtio4j.testkit.conformance.Normative;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** [Device Operation / Processing of Incoming Packets] */
class ProcessingOfIncomingPacketsTest {

    private static final NetFeature[] TUNNELS = {NetFeature.GUEST_UDP_TUNNEL_GSO,
        NetFeature.GUEST_UDP_TUNNEL_GSO_CSUM};

    private static DriverOptions all() {
        return DriverOptions.split().without(NetFeature.RSC_EXT);
    }

    private static Card with(DriverOptions options) {
        Card card = Card.start(new Wire(), builder -> builder, options.queueSize(256));
        return card.post(60, 2048);
    }

    private static Received give(Card card, NetHeader header, byte[] packet) {
        assertTrue(card.wire.receive(packet, header));
        return card.receivedOne();
    }

    // ── Buffers ────────────────────────────────────────────────────────────

    /** A clock that looks what the driver can see whenever the device asks for the time: for each packet. */
    private static final class LookingClock implements DeviceClock {

        private final List<Integer> seen = new ArrayList<>();
        private @Nullable DriverQueue queue;

        @Override
        public long nanoTime() {
            if (queue != null) {
                seen.add(queue.collect());
            }
            return 0;
        }

        @Override
        public void set(Alarm alarm, long time) {}
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @Normative({"NET-32", "NET-33"})
    void buffers_of_a_packet_are_used_together(RingFormat format) {
        LookingClock clock = new LookingClock();
        DriverOptions options = DriverOptions.of(format).layout(Layout.WHOLE).queueSize(256);
        try (Card card = Card.start(new Wire(), builder -> builder.clock(clock), options)) {
            card.control(6, 1, Card.le32(1, 1000));
            card.post(200, 64);
            for (int i = 0; i < 3; i++) {
                card.wire.receive(Packets.plain(Packets.GUEST, 40 * 64 - 32));
            }
            clock.queue = card.driver.queue(0);

            assertEquals(3, card.received().size());

            assertEquals(List.of(40, 40, 40), clock.seen);
        }
    }

    // ── Checksums ──────────────────────────────────────────────────────────

    @Test
    @Normative("NET-34")
    void without_guest_csum_flags_is_zero_and_packets_are_complete() {
        try (Card card = with(DriverOptions.split().without(NetFeature.GUEST_CSUM, NetFeature.GUEST_TSO4,
                NetFeature.GUEST_TSO6, NetFeature.GUEST_ECN, NetFeature.GUEST_UFO, NetFeature.GUEST_USO4,
                NetFeature.GUEST_USO6, TUNNELS[0], TUNNELS[1]))) {
            byte[] complete = Packets.tcp4(Packets.GUEST, 500, 7000);
            byte[] packet = complete.clone();
            Received received = give(card, Packets.partial(packet), packet);
            assertArrayEquals(complete, received.packet());
            assertEquals(0, received.header().flags());
            assertEquals(0, give(card, new NetHeader().flags(F_DATA_VALID), complete).header().flags());
            assertEquals(0, give(card, new NetHeader().flags(0xF4), complete).header().flags());
        }
    }

    @Test
    @Normative({"NET-44", "NET-45", "NET-46", "NET-47"})
    void with_guest_csum_a_partial_checksum_is_passed_on_as_such() {
        try (Card card = with(all())) {
            for (int version : new int[] {4, 6}) {
                byte[] complete = Packets.ip(Packets.GUEST, version, Packets.UDP, 501, 7000, 0);
                byte[] packet = complete.clone();
                NetHeader header = Packets.partial(packet);
                Received received = give(card, header, packet);
                assertEquals(F_NEEDS_CSUM, received.header().flags());
                assertEquals(header.csumStart(), received.header().csumStart());
                assertEquals(header.csumOffset(), received.header().csumOffset());
                assertArrayEquals(packet, received.packet(), "the pseudo header's sum is in its place");
                byte[] finished = received.packet();
                TransportChecksum.complete(
                        Unpooled.wrappedBuffer(finished), received.header());
                assertArrayEquals(complete, finished);
            }
            // What was said about the checksum has to be in the packet.
            card.wire.receive(Packets.plain(Packets.GUEST, 100), new NetHeader().partialCsum(90, 9));
            assertEquals(List.of(), card.received());
            assertEquals(1, card.counter(NetCounter.RX_MALFORMED));
        }
    }

    @Test
    @Normative("NET-55")
    void data_valid_is_set_only_where_somebody_validated_or_made_the_checksum() {
        try (Card card = with(DriverOptions.split().without(NetFeature.GUEST_UFO))) {
            byte[] packet = Packets.tcp4(Packets.GUEST, 500, 7000);
            assertEquals(0, give(card, new NetHeader(), packet).header().flags());
            assertEquals(F_DATA_VALID, give(card, new NetHeader().flags(F_DATA_VALID), packet).header().flags());
            // Made here: what was partial is complete.
            card.control(5, 0, Card.le64(1 << 1));
            byte[] large = Packets.tcp4(Packets.GUEST, 2000, 7000);
            card.wire.receive(large, Packets.large(large, GSO_TCPV4, 1000));
            for (Received segment : card.received()) {
                assertEquals(F_DATA_VALID, segment.header().flags());
                Packets.assertComplete(segment.packet());
            }
        }
    }

    // ── Segmentation ───────────────────────────────────────────────────────

    private static void assertCut(Card card, int type, int version, int protocol) {
        byte[] packet = Packets.ip(Packets.GUEST, version, protocol, 5000, 7000, Packets.TCP_ACK);
        card.wire.receive(packet, Packets.large(packet, type, 1000));
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        List<Received> segments = card.received();
        assertEquals(5, segments.size());
        for (Received segment : segments) {
            assertEquals(GSO_NONE, segment.header().gsoType());
            Packets.assertComplete(segment.packet());
            all.writeBytes(Packets.payload(segment.packet()));
        }
        assertArrayEquals(Packets.payload(packet), all.toByteArray());
    }

    private static void assertWhole(Card card, int type, int version, int protocol) {
        byte[] packet = Packets.ip(Packets.GUEST, version, protocol, 5000, 7000, Packets.TCP_ACK);
        Received received = give(card, Packets.large(packet, type, 1000), packet);
        assertEquals(type, received.header().gsoType());
        assertEquals(1000, received.header().gsoSize());
        // > If gso_type differs from NONE, then the device MUST also set NEEDS_CSUM
        assertEquals(F_NEEDS_CSUM, received.header().flags());
        assertArrayEquals(packet, received.packet());
    }

    @Test
    @Normative({"NET-35", "NET-36", "NET-37", "NET-38", "NET-51", "NET-53", "NET-X8"})
    void a_large_packet_is_whole_or_cut_by_what_the_driver_takes() {
        try (Card card = with(all())) {
            assertWhole(card, GSO_TCPV4, 4, Packets.TCP);
            assertWhole(card, GSO_TCPV6, 6, Packets.TCP);
            assertWhole(card, GSO_UDP_L4, 4, Packets.UDP);
            assertWhole(card, GSO_UDP_L4, 6, Packets.UDP);
        }
        try (Card card = with(all().without(NetFeature.GUEST_TSO4, TUNNELS[0], TUNNELS[1],
                NetFeature.RSC_EXT))) {
            assertCut(card, GSO_TCPV4, 4, Packets.TCP);
            assertWhole(card, GSO_TCPV6, 6, Packets.TCP);
        }
        try (Card card = with(all().without(NetFeature.GUEST_TSO6, TUNNELS[0], TUNNELS[1],
                NetFeature.RSC_EXT))) {
            assertWhole(card, GSO_TCPV4, 4, Packets.TCP);
            assertCut(card, GSO_TCPV6, 6, Packets.TCP);
        }
        try (Card card = with(all().without(NetFeature.GUEST_USO4, NetFeature.GUEST_USO6, TUNNELS[0],
                TUNNELS[1], NetFeature.RSC_EXT))) {
            assertCut(card, GSO_UDP_L4, 4, Packets.UDP);
        }
        try (Card card = with(all().without(NetFeature.GUEST_USO6, TUNNELS[0], TUNNELS[1],
                NetFeature.RSC_EXT))) {
            assertWhole(card, GSO_UDP_L4, 4, Packets.UDP);
            assertCut(card, GSO_UDP_L4, 6, Packets.UDP);
        }
        try (Card card = with(all().without(NetFeature.GUEST_UFO, NetFeature.RSC_EXT))) {
            byte[] packet = Packets.udp4(Packets.GUEST, 3000, 7000);
            card.wire.receive(packet, Packets.large(packet, GSO_UDP, 1480));
            List<Received> fragments = card.received();
            assertEquals(3, fragments.size());
            fragments.forEach(fragment -> assertEquals(GSO_NONE, fragment.header().gsoType()));
        }
    }

    @Test
    @Normative("NET-50")
    void without_any_of_the_features_gso_type_is_none() {
        try (Card card = with(all().without(NetFeature.GUEST_TSO4, NetFeature.GUEST_TSO6,
                NetFeature.GUEST_ECN, NetFeature.GUEST_UFO, NetFeature.GUEST_USO4, NetFeature.GUEST_USO6,
                TUNNELS[0], TUNNELS[1]))) {
            assertCut(card, GSO_TCPV4, 4, Packets.TCP);
            assertCut(card, GSO_TCPV6, 6, Packets.TCP);
            assertCut(card, GSO_UDP_L4, 6, Packets.UDP);
            byte[] packet = Packets.tcp4(Packets.GUEST, 100, 7000);
            assertEquals(0, give(card, new NetHeader().gso(GSO_ECN, 7), packet).header().gsoType());
        }
    }

    @Test
    @Normative("NET-41")
    void tcp_with_cwr_is_marked_ecn_or_cut() {
        byte[] packet = Packets.ip(Packets.GUEST, 4, Packets.TCP, 5000, 7000,
                Packets.TCP_ACK | Packets.TCP_CWR);
        try (Card card = with(all())) {
            Received received = give(card, Packets.large(packet, GSO_TCPV4, 1000), packet);
            assertEquals(GSO_TCPV4 | GSO_ECN, received.header().gsoType());
        }
        try (Card card = with(all().without(NetFeature.GUEST_ECN))) {
            card.wire.receive(packet, Packets.large(packet, GSO_TCPV4, 1000));
            assertEquals(5, card.received().size());
        }
    }

    @Test
    @Normative("NET-54")
    void hdr_len_holds_all_headers_whatever_the_sender_said() {
        try (Card card = with(all())) {
            for (int lie : new int[] {0, 20, 0xFFFF}) {
                byte[] packet = Packets.tcp4(Packets.GUEST, 5000, 7000);
                Received received =
                        give(card, Packets.large(packet, GSO_TCPV4, 1000).hdrLen(lie), packet);
                assertEquals(54, received.header().hdrLen());
            }
        }
    }

    @Test
    @Normative("NET-52")
    void with_rsc_ext_the_driver_is_told_how_many_segments_a_packet_had() {
        try (Card card = with(DriverOptions.split())) {
            byte[] packet = Packets.tcp4(Packets.GUEST, 4001, 7000);
            Received received = give(card, Packets.large(packet, GSO_TCPV4, 1000), packet);
            assertEquals(F_NEEDS_CSUM | F_RSC_INFO, received.header().flags());
            assertEquals(5, received.header().csumStart());
            assertEquals(0, received.header().csumOffset());
            byte[] small = Packets.tcp4(Packets.GUEST, 40, 7000);
            assertEquals(F_NEEDS_CSUM, give(card, Packets.partial(small), small).header().flags());
        }
    }

    // ── Tunnels ────────────────────────────────────────────────────────────

    private final byte[] inner = Packets.tcp4(Packets.GUEST, 4500, 7000);
    private final NetHeader tunnel = PacketTransmissionTest.tunnel(inner);

    private byte[] tunneled() {
        byte[] packet = PacketTransmissionTest.geneve(inner);
        System.arraycopy(Packets.GUEST.bytes(), 0, packet, 0, 6);
        return packet;
    }

    @Test
    @Normative({"NET-39", "NET-48", "NET-56", "NET-58", "NET-X9"})
    void what_is_in_a_tunnel_is_whole_or_cut_by_what_the_driver_takes() {
        try (Card card = with(all().without(TUNNELS[1]))) {
            Received received = give(card, tunnel, tunneled());
            assertEquals(GSO_TCPV4 | GSO_UDP_TUNNEL_IPV4, received.header().gsoType());
            assertEquals(F_NEEDS_CSUM, received.header().flags());
            assertEquals(34, received.header().outerThOffset());
            assertEquals(64, received.header().innerNhOffset());
            assertEquals(104, received.header().hdrLen());
            assertArrayEquals(tunneled(), received.packet(), "a zero outer checksum");
        }
        try (Card card = with(all().without(TUNNELS))) {
            card.wire.receive(tunneled(), tunnel);
            List<Received> segments = card.received();
            assertEquals(5, segments.size());
            for (Received segment : segments) {
                assertEquals(GSO_NONE, segment.header().gsoType());
                assertEquals(F_DATA_VALID, segment.header().flags());
                Packets.assertComplete(Arrays.copyOfRange(segment.packet(), 50, segment.packet().length));
            }
        }
    }

    @Test
    @Normative({"NET-40", "NET-49", "NET-57"})
    void an_outer_checksum_is_partial_only_for_drivers_that_take_it() {
        NetHeader header = new NetHeader().set(tunnel).flags(F_NEEDS_CSUM | F_UDP_TUNNEL_CSUM);
        byte[] packet = tunneled();
        byte[] outer = packet.clone();
        Packets.partial(outer); // the outer pseudo header's sum
        try (Card card = with(all())) {
            Received received = give(card, header, outer);
            assertEquals(F_NEEDS_CSUM | F_UDP_TUNNEL_CSUM, received.header().flags());
            assertArrayEquals(outer, received.packet());
        }
        try (Card card = with(all().without(TUNNELS[1]))) {
            card.wire.receive(outer, header);
            List<Received> segments = card.received();
            assertEquals(5, segments.size());
            for (Received segment : segments) {
                assertEquals(F_DATA_VALID, segment.header().flags());
                Packets.assertComplete(segment.packet());
            }
        }
    }

    // ── Other fields ───────────────────────────────────────────────────────

    @Test
    @Normative({"NET-42", "NET-43", "NET-X7"})
    void the_outer_network_header_is_found_where_that_was_negotiated() {
        try (Card card = with(all())) {
            byte[] ip = Packets.tcp4(Packets.GUEST, 100, 7000);
            assertEquals(14, give(card, new NetHeader(), ip).header().outerNhOffset());
            assertEquals(18, give(card, new NetHeader(), Packets.tagged(ip, 0)).header().outerNhOffset());
            assertEquals(0,
                    give(card, new NetHeader(), Packets.plain(Packets.GUEST, 99)).header().outerNhOffset());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0x10, 0x20, 0x40, 0x70})
    @Normative({"NET-60", "NET-63"})
    void no_packet_is_said_to_have_gone_through_ipsec(int flags) {
        try (Card card = with(all())) {
            byte[] packet = Packets.tcp4(Packets.GUEST, 100, 7000);
            assertEquals(0, give(card, new NetHeader().flags(flags), packet).header().flags());
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @HostileCase("NE-9")
    void runts_and_giants_of_the_network_are_dropped(RingFormat format) {
        try (Card card = with(DriverOptions.of(format))) {
            for (int length = 0; length < 14; length++) {
                card.wire.receive(new byte[length]);
            }
            card.wire.receive(new byte[NetDevice.MOST_PACKET + 1]);
            card.wire.receive(new byte[100], new NetHeader().gso(GSO_TCPV4, 0));
            card.wire.receive(new byte[100], new NetHeader().flags(F_NEEDS_CSUM).gso(2, 100));
            assertEquals(List.of(), card.received());
            assertEquals(15, card.counter(NetCounter.RX_MALFORMED), "before they were filtered");
            assertEquals(2, card.counter(NetCounter.RX_FILTERED));
            card.wire.receive(Packets.plain(Packets.GUEST, 14));
            assertEquals(14, card.receivedOne().packet().length);
        }
    }
}
