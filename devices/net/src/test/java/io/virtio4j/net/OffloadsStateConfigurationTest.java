// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.virtio4j.net.packet.NetHeader;
import io.virtio4j.net.packet.Offload;
import io.virtio4j.net.packet.OffloadSet;
import io.virtio4j.testkit.DriverOptions;
import org.junit.jupiter.api.Test;

/** [Offloads State Configuration / Setting Offloads State] */
class OffloadsStateConfigurationTest {

    private static int set(Card card, int... bits) {
        long value = 0;
        for (int bit : bits) {
            value |= 1L << bit;
        }
        return card.control(5, 0, Card.le64(value));
    }

    private static int packetsOf(Card card, int type) {
        byte[] packet = Packets.ip(Packets.GUEST, type == NetHeader.GSO_TCPV6 ? 6 : 4,
                type == NetHeader.GSO_UDP_L4 ? Packets.UDP : Packets.TCP, 3000, 7000, Packets.TCP_ACK);
        card.wire.receive(packet, Packets.large(packet, type, 1000));
        return card.received().size();
    }

    @Test
    void every_offload_is_on_at_first_and_switched_at_run_time() {
        try (Card card = Card.start(
                new Wire(), builder -> builder.queueSize(1024), DriverOptions.split().queueSize(1024))) {
            card.post(200, 4096);
            assertEquals(OffloadSet.ALL, card.wire.driverTakes);
            assertEquals(1, packetsOf(card, NetHeader.GSO_TCPV4));

            assertEquals(Card.OK, set(card, 1, 8));
            assertEquals(OffloadSet.of(Offload.CSUM, Offload.TSO6), card.wire.driverTakes);
            assertEquals(3, packetsOf(card, NetHeader.GSO_TCPV4));
            assertEquals(1, packetsOf(card, NetHeader.GSO_TCPV6));
            assertEquals(3, packetsOf(card, NetHeader.GSO_UDP_L4));

            assertEquals(Card.OK, set(card));
            assertEquals(3, packetsOf(card, NetHeader.GSO_TCPV6));

            assertEquals(Card.OK, set(card, 1, 7, 8, 9, 10, 46, 47, 54, 55));
            assertEquals(OffloadSet.ALL, card.wire.driverTakes);
            assertEquals(1, packetsOf(card, NetHeader.GSO_UDP_L4));
        }
    }

    @Test
    void a_driver_may_name_exact_header_lengths_which_are_no_offload() {
        try (Card card = Card.start(new Wire(), builder -> builder, Card.accepting(NetFeature.CTRL_VQ,
                NetFeature.CTRL_GUEST_OFFLOADS, NetFeature.GUEST_CSUM, NetFeature.GUEST_TSO4,
                NetFeature.GUEST_HDRLEN))) {
            assertEquals(Card.OK, set(card, 1, 59));
            assertEquals(OffloadSet.of(Offload.CSUM), card.wire.driverTakes);

            assertEquals(Card.OK, set(card, 1, 7, 59));
            assertEquals(OffloadSet.of(Offload.CSUM, Offload.TSO4), card.wire.driverTakes);
            Wire there = new Wire();
            card.driver.migrateTo(NetDevice.of(there).mac(Packets.GUEST).build());
            assertEquals(OffloadSet.of(Offload.CSUM, Offload.TSO4), there.driverTakes);
        }
    }

    @Test
    void what_was_not_negotiated_cannot_be_enabled() {
        try (Card card = Card.start(new Wire(), builder -> builder, Card.accepting(
                NetFeature.CTRL_VQ, NetFeature.CTRL_GUEST_OFFLOADS, NetFeature.GUEST_CSUM,
                NetFeature.GUEST_TSO4))) {
            assertEquals(Card.OK, set(card, 1));
            for (int bit = 0; bit < 64; bit++) {
                assertEquals(bit == 1 || bit == 7 ? Card.OK : Card.ERR, set(card, bit), "bit=" + bit);
            }
            assertEquals(Card.ERR, card.control(5, 0, new byte[7]));
            assertEquals(Card.ERR, card.control(5, 1, Card.le64(0)));
        }
        try (Card card = Card.start(new Wire(), builder -> builder,
                Card.accepting(NetFeature.CTRL_VQ, NetFeature.GUEST_CSUM))) {
            assertEquals(Card.ERR, set(card, 1), "the feature was not negotiated");
        }
    }
}
