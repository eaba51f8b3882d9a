// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.device.CoreFeature;
import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.net.Card.Received;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.Layout;
import io.virtio4j.testkit.ManualClock;
import io.virtio4j.testkit.conformance.HostileCase;
import io.virtio4j.testkit.conformance.Normative;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** [Device Operation / Setting Up Receive Buffers] */
class SettingUpReceiveBuffersTest {

    private static final DriverOptions NOT_MERGEABLE = DriverOptions.split().without(NetFeature.MRG_RXBUF);

    static Stream<DriverOptions> everyLayout() {
        List<Layout> layouts = new ArrayList<>(Layout.all());
        layouts.add(Layout.random(7));
        return Stream.of(RingFormat.values()).flatMap(format -> layouts.stream()
                .map(layout -> DriverOptions.of(format).layout(layout).queueSize(1024)));
    }

    @ParameterizedTest
    @MethodSource("everyLayout")
    @Normative({"NET-28", "NET-31"})
    @HostileCase("NE-3")
    void a_packet_is_spread_over_as_many_buffers_as_it_needs(DriverOptions options) {
        try (Card card = Card.start(
                new Wire(), builder -> builder.queueSize(1024).clock(new ManualClock()), options)) {
            for (int length : new int[] {60, 100, 500, 900}) {
                byte[] packet = Packets.plain(Packets.GUEST, length);
                int buffers = (32 + length + 99) / 100;
                card.post(Math.min(buffers, 2), 100);
                card.wire.receive(packet);
                for (int i = 2; i < buffers; i++) {
                    assertEquals(List.of(), card.received(), "not before there is room for all of it");
                    card.post(1, 100);
                }
                Received received = card.receivedOne();
                assertEquals(buffers, received.buffers());
                assertArrayEquals(packet, received.packet());
            }
        }
    }

    @ParameterizedTest
    @MethodSource("everyLayout")
    @Normative({"NET-29", "NET-30"})
    void without_mrg_rxbuf_a_packet_is_in_one_buffer(DriverOptions options) {
        try (Card card = Card.start(
                new Wire(), builder -> builder.queueSize(1024), options.without(NetFeature.MRG_RXBUF))) {
            for (int length : new int[] {60, 1514}) {
                byte[] packet = Packets.plain(Packets.GUEST, length);
                card.post(1, 2000).wire.receive(packet);
                Received received = card.receivedOne();
                assertEquals(1, received.buffers());
                assertArrayEquals(packet, received.packet());
            }
        }
    }

    @Test
    @HostileCase("NE-2")
    void a_buffer_that_no_driver_should_offer_goes_back_empty() {
        try (Card card = Card.start(new Wire(), builder -> builder, NOT_MERGEABLE)) {
            card.post(1, 200).post(1, 2000);
            card.wire.receive(Packets.plain(Packets.GUEST, 1000));
            assertEquals(List.of(1000), lengths(card.received()));
            assertEquals(0, card.counter(NetCounter.RX_DROPS));
        }
    }

    @Test
    @HostileCase("NE-2")
    void a_packet_that_no_buffer_has_to_have_room_for_is_dropped() {
        try (Card card = Card.start(
                new Wire(), builder -> builder, Card.accepting(NetFeature.GUEST_CSUM))) {
            card.post(1, 1526);
            card.wire.receive(Packets.plain(Packets.GUEST, 3000));
            assertEquals(List.of(), card.received(), "dropped; the buffer stays");
            assertEquals(1, card.counter(NetCounter.RX_DROP_OVERRUNS));
            card.wire.receive(Packets.plain(Packets.GUEST, 1514));
            assertEquals(List.of(1514), lengths(card.received()));
        }
    }

    private static List<Integer> lengths(List<Received> received) {
        return received.stream().map(each -> each.packet().length).toList();
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @HostileCase("NE-2")
    void buffers_of_every_size_are_survived(RingFormat format) {
        for (boolean mergeable : new boolean[] {true, false}) {
            DriverOptions options = DriverOptions.of(format).layout(Layout.WHOLE).queueSize(512);
            if (!mergeable) {
                options = options.without(NetFeature.MRG_RXBUF);
            }
            try (Card card = Card.start(new Wire(), builder -> builder.queueSize(512), options)) {
                int packets = 0;
                for (int size = 1; size < 160; size++) {
                    card.post(1, size);
                    card.wire.receive(Packets.plain(Packets.GUEST, 60));
                    packets += card.received().size();
                    // Whatever the small one did, a large one works.
                    card.post(1, 1000);
                    card.wire.receive(Packets.plain(Packets.GUEST, 60));
                    packets += card.received().size();
                }
                assertTrue(packets > 159, "packets=" + packets);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @HostileCase("NE-2")
    void a_ring_full_of_buffers_that_never_suffice_drops_the_packet_at_once(RingFormat format) {
        DriverOptions options = DriverOptions.of(format).layout(Layout.WHOLE).queueSize(16);
        try (Card card = Card.start(new Wire(), builder -> builder, options)) {
            card.post(16, 64);
            card.wire.receive(Packets.plain(Packets.GUEST, 5000));
            card.wire.receive(Packets.plain(Packets.GUEST, 200));
            assertEquals(List.of(200), lengths(card.received()));
            assertEquals(1, card.counter(NetCounter.RX_DROP_OVERRUNS));
        }
    }

    @Test
    @HostileCase("NE-2")
    void a_packet_does_not_wait_for_ever_for_the_rest_of_its_buffers() {
        ManualClock clock = new ManualClock();
        try (Card card = Card.start(new Wire(), builder -> builder.clock(clock), DriverOptions.split())) {
            card.post(2, 64);
            card.wire.receive(Packets.plain(Packets.GUEST, 500));
            card.wire.receive(Packets.plain(Packets.GUEST, 30));
            assertEquals(List.of(), card.received());
            clock.advance(Duration.ofNanos(9_999_999));
            assertEquals(List.of(), card.received());
            clock.advance(Duration.ofNanos(1));
            assertEquals(List.of(30), lengths(card.received()));
            assertEquals(1, card.counter(NetCounter.RX_DROP_OVERRUNS));
        }
    }

    @Test
    void packets_wait_for_buffers_and_are_bounded() {
        try (Card card = Card.start(new Wire(), builder -> builder.backlog(8), DriverOptions.split())) {
            for (int i = 0; i < 8; i++) {
                assertTrue(card.wire.receive(Packets.plain(Packets.GUEST, 100 + i)));
            }
            assertEquals(false, card.wire.offer(Packets.plain(Packets.GUEST, 200)), "refused");
            assertEquals(0, card.counter(NetCounter.RX_DROPS));
            assertEquals(false, card.wire.receive(Packets.plain(Packets.GUEST, 200)), "dropped");
            assertEquals(1, card.counter(NetCounter.RX_DROP_OVERRUNS));
            int before = card.wire.ready;

            card.post(1, 500);

            assertEquals(before + 1, card.wire.ready, "the backend is told of room");
            assertTrue(card.wire.offer(Packets.plain(Packets.GUEST, 200)));
            card.post(20, 500);
            assertEquals(List.of(100, 101, 102, 103, 104, 105, 106, 107, 200), lengths(card.received()));
            assertEquals(before + 1, card.wire.ready);
        }
    }

    // ── Sizes of the header ────────────────────────────────────────────────

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @HostileCase("NE-6")
    void every_size_of_the_header_is_used_both_ways(RingFormat format) {
        DriverOptions all = DriverOptions.of(format);
        DriverOptions noOuter = all.without(NetFeature.OUT_NET_HEADER);
        DriverOptions noTunnel = all.without(NetFeature.OUT_NET_HEADER, NetFeature.HOST_UDP_TUNNEL_GSO,
                NetFeature.HOST_UDP_TUNNEL_GSO_CSUM, NetFeature.GUEST_UDP_TUNNEL_GSO,
                NetFeature.GUEST_UDP_TUNNEL_GSO_CSUM);
        DriverOptions least = noTunnel.without(NetFeature.HASH_REPORT,
                NetFeature.HASH_TUNNEL, NetFeature.OUT_NET_HEADER, NetFeature.HOST_UDP_TUNNEL_GSO,
                NetFeature.HOST_UDP_TUNNEL_GSO_CSUM, NetFeature.GUEST_UDP_TUNNEL_GSO,
                NetFeature.GUEST_UDP_TUNNEL_GSO_CSUM);
        DriverOptions guestOnly = all.without(NetFeature.OUT_NET_HEADER, NetFeature.HOST_UDP_TUNNEL_GSO,
                NetFeature.HOST_UDP_TUNNEL_GSO_CSUM);
        assertHeader(all, 32);
        assertHeader(noOuter, 24);
        assertHeader(guestOnly, 24);
        assertHeader(noTunnel, 20);
        assertHeader(least, 12);
    }

    private static void assertHeader(DriverOptions options, int size) {
        try (Card card = Card.start(new Wire(), builder -> builder, options)) {
            assertEquals(size, card.headerSize());
            byte[] packet = Packets.tcp4(Packets.GUEST, 300, 7000);
            card.post(1, 2000).wire.receive(packet);
            assertArrayEquals(packet, card.receivedOne().packet());
            card.transmit(packet);
            assertArrayEquals(packet, card.wire.takeOne().packet());
        }
    }

    @Test
    @Normative("NET-32")
    void all_but_the_last_buffer_are_full_whatever_their_sizes() {
        DriverOptions options = DriverOptions.split().without(CoreFeature.IN_ORDER);
        try (Card card = Card.start(new Wire(), builder -> builder, options)) {
            byte[] packet = Packets.plain(Packets.GUEST, 1000);
            card.post(1, 333).post(1, 40).post(1, 777).post(1, 50);
            card.wire.receive(packet);
            Received received = card.receivedOne();
            assertEquals(3, received.buffers());
            assertArrayEquals(packet, received.packet());
        }
    }
}
