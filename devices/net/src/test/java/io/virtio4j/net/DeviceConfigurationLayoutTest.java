// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.device.CoreFeature;
import io.virtio4j.core.device.FeatureSet;
import io.virtio4j.net.packet.OffloadSet;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.InterruptProbe;
import io.virtio4j.testkit.conformance.Normative;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** [Network Device / Feature bits], [Network Device / Device configuration layout] */
class DeviceConfigurationLayoutTest {

    private static final int STATUS = 6;
    private static final int PAIRS = 8;
    private static final int MTU = 10;

    private static Card card(UnaryOperator<NetDeviceBuilder> choices) {
        return Card.start(new Wire(), choices, DriverOptions.split());
    }

    private static long field(Card card, int offset, int width) {
        return card.driver.port().readConfig(offset, width);
    }

    // ── Feature bits ───────────────────────────────────────────────────────

    @Test
    void everything_is_offered_that_the_choices_have_a_meaning_for() {
        FeatureSet offered = NetDevice.of(new Wire()).mtu(1500).queuePairs(2).speed(1000, Duplex.FULL)
                .standby(true).build().offeredFeatures();

        assertEquals(FeatureSet.of(NetFeature.values()), offered);
    }

    @Test
    void a_single_pair_has_no_multiqueue_and_says_nothing_unknown() {
        FeatureSet offered = new NetDevice(new Wire()).offeredFeatures();

        for (NetFeature feature : new NetFeature[] {NetFeature.MQ, NetFeature.RSS, NetFeature.RSS_CONTEXT,
            NetFeature.MTU, NetFeature.SPEED_DUPLEX, NetFeature.STANDBY}) {
            assertFalse(offered.has(feature), feature::name);
        }
    }

    @ParameterizedTest
    @EnumSource(NetFeature.class)
    void nothing_is_offered_without_what_it_requires(NetFeature without) {
        FeatureSet offered = NetDevice.of(new Wire()).mtu(1500).queuePairs(2).without(without).build()
                .offeredFeatures();

        assertFalse(offered.has(without));
        for (NetFeature feature : NetFeature.values()) {
            assertTrue(!offered.has(feature) || feature.isSatisfiedBy(offered), feature::name);
        }
    }

    @ParameterizedTest
    @EnumSource(NetFeature.class)
    void a_driver_that_leaves_out_what_another_feature_requires_is_refused(NetFeature without) {
        try (Card card = Card.unstarted(
                new Wire(), builder -> builder.mtu(1500).queuePairs(2), builder -> {})) {
            FeatureSet chosen = card.driver.offered().without(without).without(CoreFeature.RING_PACKED);
            boolean fits = true;
            for (NetFeature feature : NetFeature.values()) {
                fits &= !chosen.has(feature) || feature.isSatisfiedBy(chosen);
            }

            assertEquals(fits, card.driver.reset().tryNegotiate(DriverOptions.split().exactly(chosen)));
        }
    }

    @Test
    @Normative({"NET-13", "NET-14"})
    void hash_reports_and_extra_modes_are_not_offered_without_a_control_queue() {
        FeatureSet offered = NetDevice.of(new Wire()).queuePairs(2).without(NetFeature.CTRL_VQ).build()
                .offeredFeatures();

        assertFalse(offered.has(NetFeature.HASH_REPORT));
        assertFalse(offered.has(NetFeature.CTRL_RX_EXTRA));
        assertFalse(offered.has(NetFeature.MQ));
    }

    // ── Fields ─────────────────────────────────────────────────────────────

    @Test
    void the_address_is_shown_and_read_only() {
        try (Card card = Card.start()) {
            for (int i = 0; i < 6; i++) {
                card.driver.port().writeConfig(i, 1, 0xFF);
                assertEquals(Packets.GUEST.bytes()[i], (byte) field(card, i, 1));
            }
            assertEquals(Packets.GUEST, card.device.mac());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 16, 64, 4096})
    @Normative("NET-1")
    void max_virtqueue_pairs_is_the_number_of_pairs(int pairs) {
        NetDevice device = NetDevice.of(new Wire()).queuePairs(pairs).build();

        assertEquals(pairs == 1 ? 0 : pairs, device.configSpace().read(PAIRS, 2));
        assertEquals(2 * pairs + 1, device.queues().size());
    }

    @Test
    @Normative("NET-1")
    void a_number_of_pairs_that_cannot_be_is_refused() {
        for (int pairs : new int[] {-1, 0, 4097, 0x8001}) {
            NetDeviceBuilder builder = NetDevice.of(new Wire()).queuePairs(pairs);
            assertThrows(IllegalArgumentException.class, builder::build, "pairs=" + pairs);
        }
    }

    @Test
    @Normative({"NET-2", "NET-3"})
    void mtu_is_what_was_chosen_or_what_the_backend_says() {
        for (int mtu : new int[] {68, 1280, 1500, 65535}) {
            assertEquals(mtu, NetDevice.of(new Wire()).mtu(mtu).build().configSpace().read(MTU, 2));
        }
        Wire wire = new Wire();
        wire.mtu = 9000;
        assertEquals(9000, new NetDevice(wire).configSpace().read(MTU, 2));
        for (int mtu : new int[] {-1, 0, 67, 65536}) {
            NetDeviceBuilder builder = NetDevice.of(new Wire()).mtu(mtu);
            assertThrows(IllegalArgumentException.class, builder::build, "mtu=" + mtu);
        }
    }

    @Test
    @Normative("NET-4")
    void mtu_never_changes() {
        Wire wire = new Wire();
        wire.mtu = 1500;
        try (Card card = Card.start(wire, builder -> builder, DriverOptions.split())) {
            wire.mtu = 9000;
            card.driver.port().writeConfig(MTU, 2, 100);
            card.device.setLinkUp(false);
            card.begin(DriverOptions.split());
            assertEquals(1500, field(card, MTU, 2));
        }
    }

    @Test
    @Normative("NET-5")
    void longer_packets_than_mtu_are_not_passed_to_a_driver_that_knows_it() {
        try (Card card = card(builder -> builder.mtu(1000))) {
            card.post(4, 4096);
            card.wire.receive(Packets.plain(Packets.GUEST, 1000 + 14));
            card.wire.receive(Packets.plain(Packets.GUEST, 1000 + 15));
            card.wire.receive(Packets.tagged(Packets.plain(Packets.GUEST, 1000 + 14), 0));

            assertEquals(2, card.received().size());
            assertEquals(1, card.counter(NetCounter.RX_DROPS));
        }
        try (Card card = Card.start(
                new Wire(), builder -> builder.mtu(1000), DriverOptions.split().without(NetFeature.MTU))) {
            card.post(4, 4096);
            card.wire.receive(Packets.plain(Packets.GUEST, 1000 + 15));
            assertEquals(1015, card.receivedOne().packet().length);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {68, 1500, 9000, 65535})
    @Normative("NET-6")
    void packets_of_up_to_mtu_are_forwarded_whole(int mtu) {
        try (Card card = card(builder -> builder.mtu(mtu))) {
            byte[] packet = Packets.plain(Packets.PEER, mtu + 14);
            card.transmit(packet);
            assertArrayEquals(packet, card.wire.takeOne().packet());
        }
    }

    @Test
    @Normative({"NET-7", "NET-8"})
    void keys_and_tables_are_large_enough() {
        try (Card card = card(builder -> builder.queuePairs(2))) {
            assertEquals(40, field(card, 17, 1));
            assertEquals(128, field(card, 18, 2));
            assertEquals(0x1FF, field(card, 20, 4));
            assertEquals(0x1FF, field(card, 24, 4));
        }
    }

    @Test
    @Normative({"NET-10", "NET-11"})
    void speed_and_duplex_are_shown_as_drivers_read_them() {
        try (Card card = card(builder -> builder.speed(10_000, Duplex.FULL))) {
            assertEquals(10_000, field(card, 12, 4));
            assertEquals(1, field(card, 16, 1));
        }
        try (Card card = card(builder -> builder.speed(-1, Duplex.HALF))) {
            assertEquals(0xFFFF_FFFFL, field(card, 12, 4));
            assertEquals(0, field(card, 16, 1));
        }
        try (Card card = card(builder -> builder.speed(0x7FFF_FFFF, Duplex.UNKNOWN))) {
            assertEquals(0x7FFF_FFFF, field(card, 12, 4));
            assertEquals(0xFF, field(card, 16, 1));
        }
        NetDeviceBuilder builder = NetDevice.of(new Wire()).speed(0x8000_0000L, Duplex.FULL);
        assertThrows(IllegalArgumentException.class, builder::build);
    }

    @Test
    @Normative("NET-12")
    void speed_and_duplex_stay_while_the_link_goes_up_and_down() {
        try (Card card = card(builder -> builder.speed(1000, Duplex.FULL))) {
            for (boolean up : new boolean[] {false, true, false, true}) {
                card.device.setLinkUp(up);
                assertEquals(1000, field(card, 12, 4));
                assertEquals(1, field(card, 16, 1));
            }
        }
    }

    @Test
    void the_link_goes_down_and_up_at_run_time() {
        try (Card card = Card.start()) {
            card.post(4, 2048);
            assertEquals(1, field(card, STATUS, 2));
            long before = card.notifications(InterruptProbe.CONFIGURATION);

            card.wire.port().linkUp(false);

            assertEquals(0, field(card, STATUS, 2));
            assertEquals(before + 1, card.notifications(InterruptProbe.CONFIGURATION));
            card.wire.receive(Packets.plain(Packets.GUEST, 100));
            card.transmit(Packets.plain(Packets.PEER, 100));
            assertEquals(0, card.received().size());
            assertEquals(0, card.wire.sent.size());
            assertEquals(1, card.counter(NetCounter.TX_DROPS));

            card.device.setLinkUp(true);

            assertEquals(1, field(card, STATUS, 2));
            card.wire.receive(Packets.plain(Packets.GUEST, 100));
            card.transmit(Packets.plain(Packets.PEER, 100));
            assertEquals(1, card.received().size());
            assertEquals(1, card.wire.sent.size());
        }
    }

    @Test
    @Normative("NET-9")
    void a_standby_device_works_like_another() {
        try (Card card = card(builder -> builder.standby(true))) {
            assertTrue(card.driver.negotiated().has(NetFeature.STANDBY));
            card.transmit(Packets.plain(Packets.PEER, 100));
            assertEquals(100, card.wire.takeOne().packet().length);
        }
    }

    @Test
    void the_backend_learns_what_the_driver_is_like() {
        Wire wire = new Wire();
        try (Card card = Card.start(wire, builder -> builder.queuePairs(4), DriverOptions.split())) {
            assertEquals(1, wire.pairs);
            assertEquals(OffloadSet.ALL, wire.driverTakes);
            card.setPairs(3);
            assertEquals(3, wire.pairs);
            card.driver.reset();
            assertEquals(0, wire.pairs);
            assertEquals(OffloadSet.NONE, wire.driverTakes);
        }
    }
}
