// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.virtio4j.core.device.CounterTable;
import io.virtio4j.core.device.CounterTable;
import io.virtio4j.net.packet.NetHeader;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.conformance.Normative;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** [Device Statistics] */
class DeviceStatisticsTest {

    private static final int QUERY = 0;
    private static final int GET = 1;
    private static final long RX = 0xF;
    private static final long TX = 0xF_0000;
    private static final long CVQ = 1L << 32;

    private static byte[] entry(int queue, long types) {
        return Card.join(Card.le16(queue, 7, 7, 7), Card.le64(types));
    }

    private static Card card() {
        return Card.start(new Wire(), builder -> builder.queuePairs(2), DriverOptions.split().queueSize(256))
                .post(20, 4096);
    }

    @Test
    @Normative("NET-106")
    void the_types_are_told() {
        try (Card card = card()) {
            Card.Reply reply = card.command(8, QUERY, new byte[0], 8);
            assertEquals(Card.OK, reply.ack());
            assertEquals(9, reply.usedLength());
            assertEquals(RX | TX | CVQ, reply.data().getLong());
            assertEquals(Card.ERR, card.control(8, QUERY), "no room for the answer");
        }
    }

    @Test
    @Normative({"NET-109", "NET-110"})
    void each_reply_has_its_type_queue_and_size_and_true_numbers() {
        try (Card card = card()) {
            byte[] packet = Packets.tcp4(Packets.GUEST, 100, 7000);
            card.wire.receive(packet);
            card.wire.receive(packet, new NetHeader().flags(NetHeader.F_DATA_VALID));
            byte[] large = Packets.tcp4(Packets.GUEST, 3000, 7000);
            card.wire.receive(large, Packets.large(large, NetHeader.GSO_TCPV4, 1000));
            card.received();
            card.transmit(packet);
            byte[] out = Packets.tcp4(Packets.PEER, 3000, 7000);
            card.transmit(Packets.large(out, NetHeader.GSO_TCPV4, 1000), out);
            card.transmitRaw(0, new byte[20]);

            ByteBuffer rx = card.command(8, GET, entry(0, RX), 1000).data();
            assertReply(rx, 0, 0, 56, -1, 3, 2L * packet.length + large.length, -1, 0, 0);
            assertReply(rx, 1, 0, 40, 1, 1, 1, 0);
            assertReply(rx, 2, 0, 40, 1, large.length, 0, 0);
            assertReply(rx, 3, 0, 24, 0, 0);
            ByteBuffer tx = card.command(8, GET, entry(1, TX), 1000).data();
            long sent = packet.length + 3L * (out.length - 3000) + 3000;
            assertReply(tx, 16, 1, 56, -1, 4, sent, -1, 1, 1);
            assertReply(tx, 17, 1, 24, 1, 1);
            assertReply(tx, 18, 1, 56, 1, out.length, 3, sent - packet.length, 0, 0);
            assertReply(tx, 19, 1, 24, 0, 0);
            card.control(77, 0);
            ByteBuffer control = card.command(8, GET, entry(4, CVQ), 1000).data();
            assertReply(control, 32, 4, 24, 4, 3);
        }
    }

    /** Reads a reply; -1 is for numbers of notifications, which are compared with the ring's. */
    private static void assertReply(ByteBuffer data, int type, int queue, int size, long... values) {
        assertEquals(type, data.get());
        assertEquals(0, data.get());
        assertEquals(queue, data.getShort());
        assertEquals(0, data.getShort());
        assertEquals(size, data.getShort());
        assertEquals(size, 8 + 8 * values.length);
        for (int i = 0; i < values.length; i++) {
            long value = data.getLong();
            if (values[i] >= 0) {
                assertEquals(values[i], value, "type=" + type + " value=" + i);
            }
        }
    }

    @Test
    void notifications_and_interrupts_are_those_of_the_ring() {
        try (Card card = card()) {
            card.transmit(Packets.plain(Packets.PEER, 60));
            ByteBuffer tx = card.command(8, GET, entry(1, 1 << 16), 56).data();
            assertEquals(card.driver.instance().counters(1).notifications(), tx.getLong(8));
            assertEquals(card.notifications(1), tx.getLong(8 + 24));
        }
    }

    @Test
    @Normative({"NET-107", "NET-108"})
    void one_error_fails_the_whole_command() {
        try (Card card = card()) {
            List<byte[]> wrong = new ArrayList<>(List.of(
                    entry(5, RX), entry(0xFFFF, 0), entry(0, 1 << 4), entry(0, TX), entry(1, RX),
                    entry(4, RX), entry(0, CVQ), entry(1, 1L << 63), new byte[15]));
            for (byte[] each : wrong) {
                Card.Reply reply = card.command(8, GET, Card.join(entry(0, 1), each), 1000);
                assertEquals(Card.ERR, reply.ack());
                assertEquals(1, reply.usedLength());
            }
            assertEquals(Card.ERR, card.command(8, 2, entry(0, 1), 100).ack());
        }
        try (Card card = Card.start(new Wire(), builder -> builder,
                Card.accepting(NetFeature.CTRL_VQ, NetFeature.DEVICE_STATS))) {
            assertEquals(Card.OK, card.command(8, GET, entry(0, 1), 100).ack());
            for (byte[] each : List.of(entry(0, 2), entry(0, 4), entry(1, 1 << 17), entry(1, 1 << 18))) {
                assertEquals(Card.ERR, card.command(8, GET, each, 100).ack(), "not negotiated");
            }
        }
        try (Card card = Card.start(new Wire(), builder -> builder, Card.accepting(NetFeature.CTRL_VQ))) {
            assertEquals(Card.ERR, card.command(8, QUERY, new byte[0], 8).ack());
        }
    }

    @Test
    @Normative("NET-111")
    void a_small_buffer_gets_whole_replies_as_far_as_they_fit() {
        try (Card card = card()) {
            for (int room = 0; room < 160; room++) {
                Card.Reply reply = card.command(8, GET, entry(0, RX), room);
                assertEquals(Card.OK, reply.ack());
                int fit = room < 56 ? 0 : room < 96 ? 56 : room < 136 ? 96 : 136;
                assertEquals(1 + fit, reply.usedLength(), "room=" + room);
            }
            assertEquals(161, card.command(8, GET, entry(0, RX), 500).usedLength());
        }
    }

    @Test
    @Normative("NET-112")
    void counters_wrap_to_zero() {
        CounterTable<NetCounter> counters = CounterTable.rows(1, NetCounter.class);
        counters.countAlone(0, NetCounter.RX_PACKETS, -1); // 2^64 - 1
        counters.countAlone(0, NetCounter.RX_PACKETS, 1);
        assertEquals(0, counters.get(NetCounter.RX_PACKETS));
        counters.count(0, NetCounter.RX_DROPS, -1);
        counters.count(0, NetCounter.RX_DROPS, 3);
        assertEquals(2, counters.get(NetCounter.RX_DROPS));
    }

    @Test
    void a_command_that_asks_too_much_is_refused() {
        try (Card card = card()) {
            byte[] many = new byte[16 * 21];
            assertEquals(Card.ERR, card.command(8, GET, many, 100).ack());
            assertEquals(Card.OK, card.command(8, GET, new byte[16 * 20], 100).ack());
        }
    }
}
