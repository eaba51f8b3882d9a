// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net;

import static io.virtio4j.net.packet.NetHeader.F_DATA_VALID;
import static io.virtio4j.net.packet.NetHeader.F_NEEDS_CSUM;
import static io.virtio4j.net.packet.NetHeader.F_RSC_INFO;
import static io.virtio4j.net.packet.NetHeader.F_UDP_TUNNEL_CSUM;
import static io.virtio4j.net.packet.NetHeader.GSO_ECN;
import static io.virtio4j.net.packet.NetHeader.GSO_TCPV4;
import static io.virtio4j.net.packet.NetHeader.GSO_TCPV6;
import static io.virtio4j.net.packet.NetHeader.GSO_UDP;
import static io.virtio4j.net.packet.NetHeader.GSO_UDP_L4;
import static io.virtio4j.net.packet.NetHeader.GSO_UDP_TUNNEL_IPV4;
import static io.virtio4j.net.packet.NetHeader.GSO_UDP_TUNNEL_IPV6;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.virtio4j.net.Wire.Sent;
import io.virtio4j.net.packet.NetHeader;
import io.virtio4j.net.packet.Offload;
import io.virtio4j.net.packet.OffloadSet;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.DriverQueue;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.conformance.Normative;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** [Device Operation / Packet Transmission] */
class PacketTransmissionTest {

    private static Card with(OffloadSet backend) {
        return Card.start(new Wire().takes(backend), builder -> builder, DriverOptions.split());
    }

    private static Card with(DriverOptions options) {
        return Card.start(new Wire(), builder -> builder, options);
    }

    private static void assertDropped(Card card, NetHeader header, byte[] packet) {
        long before = card.counter(NetCounter.TX_DROP_MALFORMED);
        card.transmit(header, packet);
        assertEquals(0, card.wire.sent.size(), header::toString);
        assertEquals(before + 1, card.counter(NetCounter.TX_DROP_MALFORMED), header::toString);
    }

    // ── Checksums ──────────────────────────────────────────────────────────

    @Test
    void a_complete_packet_goes_as_it_is() {
        try (Card card = with(OffloadSet.NONE)) {
            byte[] packet = Packets.plain(Packets.PEER, 1514);
            card.transmit(packet);
            Sent sent = card.wire.takeOne();
            assertArrayEquals(packet, sent.packet());
            assertEquals(new NetHeader().toString(), sent.header().toString());
            assertEquals(1, card.wire.flushes);
            assertEquals(1, card.counter(NetCounter.TX_PACKETS));
            assertEquals(1514, card.counter(NetCounter.TX_BYTES));
            assertEquals(1, card.counter(NetCounter.TX_CSUM_NONE));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {4, 6})
    void a_partial_checksum_is_completed_for_a_backend_that_does_not(int version) {
        try (Card card = with(OffloadSet.NONE)) {
            for (int protocol : new int[] {Packets.TCP, Packets.UDP}) {
                byte[] complete = Packets.ip(Packets.PEER, version, protocol, 333, 7000, Packets.TCP_ACK);
                byte[] packet = complete.clone();
                card.transmit(Packets.partial(packet), packet);
                Sent sent = card.wire.takeOne();
                assertArrayEquals(complete, sent.packet());
                assertEquals(0, sent.header().flags());
            }
            assertEquals(2, card.counter(NetCounter.TX_NEEDS_CSUM));
        }
    }

    @Test
    void a_partial_checksum_is_left_to_a_backend_that_takes_it() {
        try (Card card = with(OffloadSet.of(Offload.CSUM))) {
            byte[] packet = Packets.tcp4(Packets.PEER, 333, 7000);
            NetHeader header = Packets.partial(packet);
            card.transmit(header, packet);
            Sent sent = card.wire.takeOne();
            assertArrayEquals(packet, sent.packet());
            assertEquals(header.toString(), sent.header().toString());
        }
    }

    @Test
    @Normative({"NET-16", "NET-26"})
    void without_needs_csum_neither_its_fields_nor_the_checksum_matter() {
        try (Card card = with(OffloadSet.ALL)) {
            byte[] packet = Packets.tcp4(Packets.PEER, 100, 7000);
            packet[50] ^= 0x55; // wrong checksum
            card.transmit(new NetHeader().csum(0xFFFF, 0xFFFF), packet);
            Sent sent = card.wire.takeOne();
            assertArrayEquals(packet, sent.packet());
            assertEquals(0, sent.header().csumStart());
            assertEquals(0, sent.header().csumOffset());
            assertFalse(sent.header().isDataValid());
        }
    }

    @Test
    @Normative({"NET-15", "NET-27"})
    void flags_that_are_not_for_the_driver_are_ignored() {
        try (Card card = with(OffloadSet.ALL)) {
            byte[] packet = Packets.plain(Packets.PEER, 100);
            for (int flag : new int[] {F_DATA_VALID, F_RSC_INFO, 0x10, 0x20, 0x40, 0x80}) {
                byte[] buffer = card.buffer(new NetHeader().flags(flag), packet);
                for (int at = 26; at < 32; at++) {
                    buffer[at] = (byte) 0xEE; // resource_id and resource_type
                }
                card.transmitRaw(0, buffer);
                Sent sent = card.wire.takeOne();
                assertArrayEquals(packet, sent.packet());
                assertEquals(0, sent.header().flags(), "flag=" + flag);
            }
        }
    }

    @Test
    void what_was_not_negotiated_is_not_accepted() {
        try (Card card = with(Card.accepting(NetFeature.CSUM))) {
            byte[] packet = Packets.tcp4(Packets.PEER, 3000, 7000);
            assertDropped(card, Packets.large(packet, GSO_TCPV4, 1000), packet);
        }
        try (Card card = with(Card.accepting())) {
            byte[] packet = Packets.tcp4(Packets.PEER, 100, 7000);
            assertDropped(card, Packets.partial(packet), packet);
        }
    }

    // ── Outer network header ───────────────────────────────────────────────

    @Test
    @Normative({"NET-17", "NET-18", "NET-X6"})
    void the_outer_network_header_is_passed_on_only_where_it_was_negotiated() {
        try (Card card = with(OffloadSet.ALL)) {
            byte[] packet = Packets.tcp4(Packets.PEER, 100, 7000);
            card.transmit(new NetHeader().outerNhOffset(14), packet);
            assertEquals(14, card.wire.takeOne().header().outerNhOffset());
            card.transmit(new NetHeader().outerNhOffset(0), packet);
            assertEquals(0, card.wire.takeOne().header().outerNhOffset());
            card.transmit(new NetHeader().outerNhOffset(60_000), packet);
            assertEquals(0, card.wire.takeOne().header().outerNhOffset());
        }
        try (Card card = with(DriverOptions.split().without(NetFeature.OUT_NET_HEADER))) {
            byte[] packet = Packets.tcp4(Packets.PEER, 100, 7000);
            card.transmit(new NetHeader().outerNhOffset(14), packet);
            assertEquals(0, card.wire.takeOne().header().outerNhOffset());
        }
    }

    // ── Segmentation ───────────────────────────────────────────────────────

    private static byte[] payloads(List<Sent> sent) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (Sent each : sent) {
            Packets.assertComplete(each.packet());
            all.writeBytes(Packets.payload(each.packet()));
        }
        return all.toByteArray();
    }

    @ParameterizedTest
    @ValueSource(ints = {GSO_TCPV4, GSO_TCPV6, GSO_UDP_L4})
    void large_packets_become_segments_for_a_backend_that_takes_none(int type) {
        try (Card card = with(OffloadSet.of(Offload.CSUM))) {
            int version = type == GSO_TCPV6 ? 6 : 4;
            byte[] packet = Packets.ip(Packets.PEER, version,
                    type == GSO_UDP_L4 ? Packets.UDP : Packets.TCP, 60_000, 7000, Packets.TCP_ACK);
            card.transmit(Packets.large(packet, type, 1400), packet);
            assertEquals(43, card.wire.sent.size());
            assertArrayEquals(Packets.payload(packet), payloads(card.wire.sent));
            assertEquals(43, card.counter(NetCounter.TX_GSO_SEGMENTS));
            assertEquals(43, card.counter(NetCounter.TX_PACKETS));
            assertEquals(1, card.counter(NetCounter.TX_GSO_PACKETS));
            assertEquals(packet.length, card.counter(NetCounter.TX_GSO_BYTES));
        }
    }

    @Test
    void a_large_datagram_becomes_fragments() {
        try (Card card = with(OffloadSet.NONE)) {
            byte[] packet = Packets.udp4(Packets.PEER, 5000, 7000);
            card.transmit(Packets.large(packet, GSO_UDP, 1480), packet);
            assertEquals(4, card.wire.sent.size());
            int bytes = card.wire.sent.stream().mapToInt(sent -> sent.packet().length - 34).sum();
            assertEquals(5000 + 8, bytes);
        }
    }

    @Test
    void large_packets_are_left_to_a_backend_that_takes_them() {
        try (Card card = with(OffloadSet.ALL)) {
            byte[] packet = Packets.tcp4(Packets.PEER, 60_000, 7000);
            card.transmit(Packets.large(packet, GSO_TCPV4, 1400), packet);
            Sent sent = card.wire.takeOne();
            assertArrayEquals(packet, sent.packet());
            assertEquals(GSO_TCPV4, sent.header().gsoType());
            assertEquals(1400, sent.header().gsoSize());
            assertEquals(1, card.counter(NetCounter.TX_GSO_PACKETS_NOSEG));
        }
    }

    @Test
    @Normative({"NET-19", "NET-20", "NET-21"})
    void hdr_len_may_be_anything() {
        for (DriverOptions options : List.of(
                DriverOptions.split(), DriverOptions.split().without(NetFeature.GUEST_HDRLEN))) {
            for (int lie : new int[] {0, 1, 34, 54, 1000, 0xFFFF}) {
                try (Card card = Card.start(new Wire(), builder -> builder, options)) {
                    byte[] packet = Packets.tcp4(Packets.PEER, 5000, 7000);
                    card.transmit(Packets.large(packet, GSO_TCPV4, 1400).hdrLen(lie), packet);
                    assertArrayEquals(Packets.payload(packet), payloads(card.wire.sent), "hdr_len=" + lie);
                    card.wire.sent.clear();
                    card.wire.takes = OffloadSet.ALL;
                    card.transmit(Packets.large(packet, GSO_TCPV4, 1400).hdrLen(lie), packet);
                    assertEquals(54, card.wire.takeOne().header().hdrLen());
                }
            }
        }
    }

    @Test
    void a_tcp_packet_with_cwr_is_marked_ecn_whatever_the_driver_says() {
        try (Card card = with(OffloadSet.ALL)) {
            byte[] cwr = Packets.ip(Packets.PEER, 4, Packets.TCP, 5000, 7000,
                    Packets.TCP_ACK | Packets.TCP_CWR);
            card.transmit(Packets.large(cwr, GSO_TCPV4, 1400), cwr);
            assertEquals(GSO_TCPV4 | GSO_ECN, card.wire.takeOne().header().gsoType());
            byte[] plain = Packets.tcp4(Packets.PEER, 5000, 7000);
            card.transmit(Packets.large(plain, GSO_TCPV4 | GSO_ECN, 1400), plain);
            assertEquals(GSO_TCPV4, card.wire.takeOne().header().gsoType());
        }
    }

    // ── Tunnels ────────────────────────────────────────────────────────────

    /** Geneve over IPv4, without options, around a complete TCP packet over IPv4: the text's own example. */
    static byte[] geneve(byte[] inner) {
        byte[] outer = Packets.udp4(Packets.PEER, 8 + inner.length, 6000);
        outer[36] = 6081 >> 8;
        outer[37] = (byte) 6081;
        byte[] tunnelHeader = {0, 0, 0x65, 0x58, 0, 0, 1, 0};
        System.arraycopy(tunnelHeader, 0, outer, 42, 8);
        System.arraycopy(inner, 0, outer, 50, inner.length);
        outer[40] = 0; // no checksum
        outer[41] = 0;
        return outer;
    }

    static NetHeader tunnel(byte[] inner) {
        NetHeader header = Packets.large(inner, GSO_TCPV4 | GSO_UDP_TUNNEL_IPV4, 1000);
        return header.csum(header.csumStart() + 50, header.csumOffset()).tunnel(34, 64);
    }

    @Test
    void what_is_in_a_udp_tunnel_is_segmented() {
        try (Card card = with(OffloadSet.NONE)) {
            byte[] inner = Packets.tcp4(Packets.PEER, 4500, 7000);
            NetHeader header = tunnel(inner);
            card.transmit(header, geneve(inner));
            assertEquals(5, card.wire.sent.size());
            ByteArrayOutputStream all = new ByteArrayOutputStream();
            for (Sent sent : card.wire.sent) {
                byte[] segment = Arrays.copyOfRange(sent.packet(), 50, sent.packet().length);
                Packets.assertComplete(segment);
                all.writeBytes(Packets.payload(segment));
            }
            assertArrayEquals(Packets.payload(inner), all.toByteArray());
        }
    }

    @Test
    @Normative({"NET-22", "NET-24", "NET-25"})
    void tunnel_bits_that_contradict_each_other_are_not_accepted() {
        try (Card card = with(OffloadSet.ALL)) {
            byte[] inner = Packets.tcp4(Packets.PEER, 4500, 7000);
            NetHeader good = tunnel(inner);
            byte[] packet = geneve(inner);
            int both = GSO_UDP_TUNNEL_IPV4 | GSO_UDP_TUNNEL_IPV6;
            assertDropped(card, new NetHeader().set(good).gso(GSO_TCPV4 | both, 1000), packet);
            assertDropped(card, new NetHeader().set(good).flags(0), packet);
            assertDropped(card, new NetHeader().set(good).flags(F_NEEDS_CSUM | F_DATA_VALID), packet);
            assertDropped(card, new NetHeader().set(good).gso(GSO_UDP_TUNNEL_IPV4, 1000), packet);
            assertDropped(card, new NetHeader().flags(F_UDP_TUNNEL_CSUM), packet);
            assertDropped(card, new NetHeader().set(good).gso(GSO_TCPV4, 1000)
                    .flags(F_NEEDS_CSUM | F_UDP_TUNNEL_CSUM), packet);

            card.transmit(good, packet);
            assertEquals(1, card.wire.sent.size());
        }
    }

    @Test
    @Normative("NET-23")
    void without_a_tunnel_bit_the_offsets_of_a_tunnel_mean_nothing() {
        try (Card card = with(OffloadSet.ALL)) {
            byte[] packet = Packets.tcp4(Packets.PEER, 4500, 7000);
            card.transmit(Packets.large(packet, GSO_TCPV4, 1000).tunnel(0xFFFF, 0xFFFF), packet);
            Sent sent = card.wire.takeOne();
            assertEquals(0, sent.header().outerThOffset());
            assertEquals(0, sent.header().innerNhOffset());
        }
    }

    // ── Back-pressure ──────────────────────────────────────────────────────

    @Test
    void packets_stay_with_the_driver_until_the_backend_has_room() {
        try (Card card = with(OffloadSet.NONE)) {
            card.wire.writable = false;
            DriverQueue queue = card.driver.queue(1);
            Submitted[] waiting = new Submitted[5];
            for (int i = 0; i < waiting.length; i++) {
                waiting[i] = queue.submit(
                        card.buffer(new NetHeader(), Packets.plain(Packets.PEER, 100 + i)), 0);
                card.driver.runDevice();
            }
            queue.collect();
            assertEquals(5, queue.pending().size());
            assertEquals(0, card.wire.sent.size());

            card.wire.writable = true;
            card.wire.port().writable(0);
            card.driver.runDevice();

            assertEquals(5, queue.collect());
            assertEquals(List.of(100, 101, 102, 103, 104),
                    card.wire.sent.stream().map(sent -> sent.packet().length).toList());
        }
    }

    @Test
    void a_backend_that_throws_costs_the_packet_only() {
        try (Card card = with(OffloadSet.NONE)) {
            card.wire.failure = new IllegalStateException("the test's");
            card.transmit(Packets.plain(Packets.PEER, 100));
            assertEquals(1, card.counter(NetCounter.TX_DROPS));
            card.wire.failure = null;
            card.transmit(Packets.plain(Packets.PEER, 100));
            assertEquals(1, card.wire.sent.size());
        }
    }
}
