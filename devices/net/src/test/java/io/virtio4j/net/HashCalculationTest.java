// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.virtio4j.net.Card.Received;
import io.virtio4j.net.packet.PacketHash;
import io.virtio4j.net.packet.Toeplitz;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.conformance.Normative;
import org.junit.jupiter.api.Test;

/** [Hash calculation for incoming packets], [Inner Header Hash], [Hash reporting for incoming packets] */
class HashCalculationTest {

    private static final byte[] KEY = Packets.random(40, 40);
    private static final int ALL = 0x1FF;
    private static final int TCPV4 = 2;
    private static final int UDPV4 = 3;
    private static final int IPV4 = 1;
    private static final int TCPV6 = 5;

    private static Card withoutRss() {
        return Card.start(new Wire(), builder -> builder, DriverOptions.split().queueSize(256)).post(20, 2048);
    }

    /** {@code struct virtio_net_hash_config}. */
    private static byte[] config(int types) {
        return Card.join(Card.le32(types), new byte[8], new byte[] {(byte) KEY.length}, KEY);
    }

    private static Received give(Card card, byte[] packet) {
        card.wire.receive(packet);
        return card.receivedOne();
    }

    private static void assertHash(int report, int types, byte[] packet, Received received) {
        ByteBuf buffer = Unpooled.wrappedBuffer(packet);
        PacketHash expected = new PacketHash();
        expected.calculate(buffer, new Toeplitz(KEY), types, 0);
        assertEquals(report, received.report());
        assertEquals(Integer.toUnsignedLong(expected.value()), received.hash());
        assertNotEquals(0, received.hash());
    }

    @Test
    @Normative({"NET-X10", "NET-X12", "NET-X25"})
    void a_single_pair_reports_hashes_by_hash_config() {
        try (Card card = withoutRss()) {
            byte[] tcp = Packets.tcp4(Packets.GUEST, 100, 7000);
            byte[] udp = Packets.udp4(Packets.GUEST, 100, 7000);
            byte[] tcp6 = Packets.ip(Packets.GUEST, 6, Packets.TCP, 100, 7000, Packets.TCP_ACK);
            Received before = give(card, tcp);
            assertEquals(0, before.report());
            assertEquals(0, before.hash());

            assertEquals(Card.OK, card.control(4, 2, config(ALL)));

            assertHash(TCPV4, ALL, tcp, give(card, tcp));
            assertHash(UDPV4, ALL, udp, give(card, udp));
            assertHash(TCPV6, ALL, tcp6, give(card, tcp6));
            assertEquals(0, give(card, Packets.plain(Packets.GUEST, 100)).report());

            assertEquals(Card.OK, card.control(4, 2, config(1)));
            assertHash(IPV4, 1, tcp, give(card, tcp));
            assertEquals(0, give(card, tcp6).report());
        }
    }

    @Test
    @Normative("NET-X11")
    void with_rss_hashes_are_those_of_rss_config() {
        try (Card card = Card.start(
                new Wire(), builder -> builder.queuePairs(2), DriverOptions.split().queueSize(256))) {
            card.post(0, 20, 2048);
            byte[] tcp = Packets.tcp4(Packets.GUEST, 100, 7000);
            assertEquals(Card.OK, card.control(4, 1, Card.rss(ALL, 0, new int[] {0}, 2, KEY)));
            assertHash(TCPV4, ALL, tcp, give(card, tcp));
        }
    }

    @Test
    void hash_configs_that_cannot_be_are_refused() {
        try (Card card = withoutRss()) {
            assertEquals(Card.ERR, card.control(4, 2, config(0x200)));
            byte[] longKey = Card.join(Card.le32(1), new byte[8], new byte[] {41}, new byte[41]);
            assertEquals(Card.ERR, card.control(4, 2, longKey));
            byte[] shortData = Card.join(Card.le32(1), new byte[8], new byte[] {40}, new byte[39]);
            assertEquals(Card.ERR, card.control(4, 2, shortData));
            assertEquals(0, give(card, Packets.tcp4(Packets.GUEST, 100, 7000)).report());
        }
    }

    // ── Inner Header Hash ──────────────────────────────────────────────────

    @Test
    @Normative({"NET-66", "NET-67", "NET-68"})
    void the_inner_header_is_hashed_for_tunnels_that_the_driver_chose() {
        byte[] inner = Packets.tcp4(Packets.GUEST, 100, 7000);
        byte[] geneve = PacketTransmissionTest.geneve(inner);
        System.arraycopy(Packets.GUEST.bytes(), 0, geneve, 0, 6);
        try (Card card = withoutRss()) {
            card.control(4, 2, config(ALL));
            assertHash(UDPV4, ALL, geneve, give(card, geneve));

            assertEquals(Card.OK, card.control(7, 0, Card.le32(1 << 6)));
            assertHash(TCPV4, ALL, inner, give(card, geneve));
            // VXLAN alone: this is none.
            assertEquals(Card.OK, card.control(7, 0, Card.le32(1 << 4)));
            assertHash(UDPV4, ALL, geneve, give(card, geneve));

            assertEquals(Card.OK, card.control(7, 0, Card.le32(1 << 6)));
            assertEquals(Card.ERR, card.control(7, 0, Card.le32(1 << 9)), "not supported");
            assertHash(TCPV4, ALL, inner, give(card, geneve));
            assertEquals(Card.OK, card.control(7, 0, Card.le32(0)));
            assertHash(UDPV4, ALL, geneve, give(card, geneve));

            card.control(7, 0, Card.le32(1 << 6));
            card.begin(DriverOptions.split().queueSize(256)).post(20, 2048);
            card.control(4, 2, config(ALL));
            assertHash(UDPV4, ALL, geneve, give(card, geneve));
        }
    }
}
