// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.Unpooled;
import io.virtio4j.core.device.Counters;
import io.virtio4j.net.packet.NetHeader;
import io.virtio4j.net.packet.PacketHash;
import io.virtio4j.net.packet.Toeplitz;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.conformance.HostileCase;
import io.virtio4j.testkit.conformance.HostileCases;
import io.virtio4j.testkit.conformance.Normative;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** [Automatic receive steering in multiqueue mode], [Receive-side scaling (RSS)], [RSS Context] */
class MultiqueueTest {

    private static final int PAIRS = 4;
    private static final byte[] KEY = Packets.random(1, 40);

    private static Card card() {
        return card(DriverOptions.split().queueSize(256));
    }

    private static Card card(DriverOptions options) {
        return fill(Card.start(new Wire(), builder -> builder.queuePairs(PAIRS), options));
    }

    private static Card fill(Card card) {
        for (int pair = 0; pair < PAIRS; pair++) {
            card.post(pair, 60, 1024);
        }
        return card;
    }

    /** The pairs that the packets of so many flows arrive on. */
    private static List<Integer> arrivals(Card card, int flows) {
        List<Integer> pairs = new ArrayList<>();
        for (int flow = 0; flow < flows; flow++) {
            card.wire.receive(Packets.udp4(Packets.GUEST, 60, 1000 + 7 * flow));
            pairs.add(arrivedOn(card));
        }
        return pairs;
    }

    /** The pair on which the one packet arrived, or -1. */
    private static int arrivedOn(Card card) {
        int arrived = -1;
        for (int pair = 0; pair < PAIRS; pair++) {
            int count = card.driver.queue(2 * pair).pending().isEmpty() ? 0 : card.received(pair).size();
            if (count > 0) {
                assertEquals(-1, arrived);
                arrived = pair;
            }
        }
        return arrived;
    }

    @Test
    void the_control_queue_is_where_the_negotiated_features_say() {
        try (Card card = card()) {
            assertEquals(8, card.controlIndex());
            assertEquals(Card.OK, card.setPairs(2));
        }
        try (Card card = Card.start(new Wire(), builder -> builder.queuePairs(PAIRS), DriverOptions.split()
                .without(NetFeature.MQ, NetFeature.RSS, NetFeature.RSS_CONTEXT))) {
            assertEquals(2, card.controlIndex());
            assertEquals(Card.ERR, card.setPairs(2));
            assertEquals(Card.OK, card.control(0, 0, (byte) 1));
        }
        try (Card card = Card.start(new Wire(), builder -> builder.queuePairs(PAIRS),
                Card.accepting(NetFeature.CTRL_VQ, NetFeature.RSS))) {
            assertEquals(8, card.controlIndex());
            assertEquals(Card.ERR, card.setPairs(2), "MQ was not negotiated");
        }
    }

    /** Front-ends of vhost-user start and stop the queues of pairs as the driver wishes. */
    @Test
    void without_a_control_queue_the_pairs_that_run_are_used() {
        try (Card card = fill(Card.start(new Wire(),
                builder -> builder.queuePairs(PAIRS).controlledByFrontEnd(), DriverOptions.split().queueSize(256)))) {
            assertFalse(card.driver.negotiated().has(NetFeature.CTRL_VQ));
            assertTrue(card.driver.negotiated().has(NetFeature.MQ));
            assertEquals(2 * PAIRS, card.driver.queues().size());
            assertEquals(PAIRS, card.wire.pairs);
            assertEquals(Set.of(0, 1, 2, 3), pairsOf(card, 50));

            card.driver.resetQueue(4).resetQueue(6);
            assertEquals(2, card.wire.pairs);
            assertEquals(Set.of(0, 1), pairsOf(card, 20));

            card.driver.resetQueue(2);
            assertEquals(1, card.wire.pairs);
            assertEquals(Set.of(0), pairsOf(card, 10));

            card.driver.setUpQueue(2).mayKeepBuffers();
            card.post(1, 60, 1024);
            assertEquals(2, card.wire.pairs);
            assertEquals(Set.of(0, 1), pairsOf(card, 20));
        }
    }

    /** The pairs on which so many flows are received. */
    private static Set<Integer> pairsOf(Card card, int flows) {
        Counters<NetCounter> counters = card.device.counters();
        long[] before = new long[PAIRS];
        Arrays.setAll(before, pair -> counters.get(NetCounter.RX_PACKETS, pair));
        for (int flow = 0; flow < flows; flow++) {
            card.wire.receive(Packets.udp4(Packets.GUEST, 60, 1000 + 7 * flow));
        }
        card.driver.runDevice();
        Set<Integer> pairs = new HashSet<>();
        for (int pair = 0; pair < PAIRS; pair++) {
            if (counters.get(NetCounter.RX_PACKETS, pair) > before[pair]) {
                pairs.add(pair);
            }
        }
        return pairs;
    }

    @Test
    void without_a_control_queue_a_driver_without_mq_has_one_pair() {
        try (Card card = Card.start(new Wire(), builder -> builder.queuePairs(PAIRS).controlledByFrontEnd(),
                DriverOptions.split().without(NetFeature.MQ))) {
            assertEquals(1, card.wire.pairs);
        }
    }

    @Nested
    class AutomaticSteering {

        @Test
        @Normative("NET-89")
        void packets_come_on_the_first_pair_at_first() {
            try (Card card = card()) {
                assertTrue(arrivals(card, 20).stream().allMatch(pair -> pair == 0));
                card.setPairs(4);
                fill(card.begin(DriverOptions.split().queueSize(256)));
                assertTrue(arrivals(card, 20).stream().allMatch(pair -> pair == 0));
            }
        }

        @Test
        @Normative({"NET-X16", "NET-X17", "NET-X21", "NET-X23"})
        void flows_are_spread_and_each_stays_on_its_pair() {
            try (Card card = card()) {
                assertEquals(Card.OK, card.setPairs(4));
                List<Integer> first = arrivals(card, 20);
                assertEquals(4, first.stream().distinct().count(), first::toString);
                assertEquals(first, arrivals(card, 20));
            }
        }

        @Test
        @Normative("NET-X22")
        void a_flow_arrives_where_it_was_transmitted_last() {
            try (Card card = card()) {
                card.setPairs(4);
                for (int pair : new int[] {3, 1, 2, 0}) {
                    byte[] answer = Packets.udp4(Packets.GUEST, 60, 4321);
                    byte[] sent = answer.clone();
                    for (int i = 0; i < 4; i++) { // the other way round
                        sent[26 + i] = answer[30 + i];
                        sent[30 + i] = answer[26 + i];
                    }
                    for (int i = 0; i < 2; i++) {
                        sent[34 + i] = answer[36 + i];
                        sent[36 + i] = answer[34 + i];
                    }
                    card.transmit(pair, new NetHeader(), sent);
                    card.wire.receive(answer);
                    assertEquals(pair, arrivedOn(card));
                }
            }
        }

        @Test
        void a_backend_with_queues_of_its_own_chooses() {
            try (Card card = card()) {
                card.setPairs(3);
                for (int pair = 0; pair < 3; pair++) {
                    card.wire.port().receive(pair,
                            Unpooled.copiedBuffer(Packets.plain(Packets.GUEST, 60)), new NetHeader());
                    assertEquals(pair, arrivedOn(card));
                }
                card.wire.port().receive(3, Unpooled.copiedBuffer(Packets.plain(Packets.GUEST, 60)),
                        new NetHeader());
                assertTrue(arrivedOn(card) < 3);
            }
        }

        @Test
        @Normative("NET-90")
        void nothing_arrives_on_pairs_that_were_taken_out_of_use() {
            try (Card card = card()) {
                card.setPairs(4);
                arrivals(card, 20);
                // Packets are on their way to the other queues when the command comes.
                for (int flow = 0; flow < 20; flow++) {
                    card.wire.receive(Packets.udp4(Packets.GUEST, 60, 1000 + 7 * flow));
                }
                assertEquals(Card.OK, card.setPairs(1));
                for (int pair = 1; pair < PAIRS; pair++) {
                    card.received(pair); // what came before the answer
                }
                for (int flow = 0; flow < 20; flow++) {
                    card.wire.receive(Packets.udp4(Packets.GUEST, 60, 1000 + 7 * flow));
                }
                card.driver.runDevice();
                for (int pair = 1; pair < PAIRS; pair++) {
                    assertEquals(List.of(), card.received(pair));
                }
                assertTrue(card.received(0).size() >= 20);
            }
        }

        @Test
        @Normative({"NET-91", "NET-92"})
        void a_queue_under_reset_is_replaced_by_another() {
            try (Card card = card()) {
                card.setPairs(4);
                List<Integer> before = arrivals(card, 20);
                card.driver.resetQueue(2);
                for (int flow = 0; flow < 20; flow++) {
                    card.wire.receive(Packets.udp4(Packets.GUEST, 60, 1000 + 7 * flow));
                    card.driver.runDevice();
                    int arrived = -1;
                    for (int pair : new int[] {0, 2, 3}) {
                        arrived = card.received(pair).size() == 1 ? pair : arrived;
                    }
                    assertTrue(arrived >= 0 && arrived != 1);
                    assertTrue(before.get(flow) == 1 || before.get(flow) == arrived);
                }
                card.driver.resetQueue(0).resetQueue(4).resetQueue(6);
                long drops = card.counter(NetCounter.RX_DROPS);
                assertTrue(card.wire.receive(Packets.udp4(Packets.GUEST, 60, 1000)));
                assertEquals(drops + 1, card.counter(NetCounter.RX_DROPS));
            }
        }

        @Test
        @HostileCase("NE-8")
        void numbers_of_pairs_that_cannot_be_are_refused() {
            try (Card card = card()) {
                card.setPairs(2);
                int refused = 0;
                for (int pairs : new int[] {0, 5, 6, 0x7FFF, 0x8000, 0xFFFF}) {
                    assertEquals(Card.ERR, card.setPairs(pairs), "pairs=" + pairs);
                    refused++;
                }
                assertEquals(Card.ERR, card.control(4, 0, (byte) 1), "cut short");
                assertEquals(2, card.wire.pairs, "as before");
                HostileCases.count("NE-8", refused + 1);
            }
        }

        @Test
        void a_short_queue_name_tells_which_pair_counts() {
            try (Card card = card()) {
                card.setPairs(4);
                arrivals(card, 8);
                long sum = 0;
                for (int pair = 0; pair < PAIRS; pair++) {
                    sum += card.device.counters().get(NetCounter.RX_PACKETS, pair);
                }
                assertEquals(8, sum);
                assertEquals(8, card.counter(NetCounter.RX_PACKETS));
            }
        }
    }

    @Nested
    class ReceiveSideScaling {

        @Test
        @Normative("NET-93")
        void the_hash_leads_through_the_table() {
            try (Card card = card()) {
                int[] table = {3, 1, 0, 2, 1, 1, 3, 0};
                assertEquals(Card.OK, card.control(4, 1, Card.rss(0x1FF, 2, table, 4, KEY)));
                Toeplitz toeplitz = new Toeplitz(KEY);
                PacketHash hash = new PacketHash();
                for (int flow = 0; flow < 30; flow++) {
                    byte[] packet = Packets.udp4(Packets.GUEST, 60, 2000 + flow);
                    hash.calculate(Unpooled.wrappedBuffer(packet), toeplitz, 0x1FF, 0);
                    card.wire.receive(packet);
                    assertEquals(table[hash.value() & 7], arrivedOn(card));
                }
                card.wire.receive(Packets.plain(Packets.GUEST, 60));
                assertEquals(2, arrivedOn(card), "unclassified");
                // Hashes of no type are enabled: all are unclassified.
                card.control(4, 1, Card.rss(0, 1, table, 4, new byte[0]));
                card.wire.receive(Packets.udp4(Packets.GUEST, 60, 2000));
                assertEquals(1, arrivedOn(card));
            }
        }

        @Test
        @Normative("NET-94")
        void packets_to_a_queue_under_reset_are_dropped() {
            try (Card card = card()) {
                card.control(4, 1, Card.rss(0x1FF, 1, new int[] {1}, 4, KEY));
                card.driver.resetQueue(2);
                long drops = card.counter(NetCounter.RX_DROPS);
                card.wire.receive(Packets.udp4(Packets.GUEST, 60, 2000));
                card.driver.runDevice();
                assertEquals(drops + 1, card.counter(NetCounter.RX_DROPS));
            }
        }

        @Test
        void a_backend_is_told_of_the_pairs_that_the_driver_uses() {
            try (Card card = card()) {
                card.control(4, 1, Card.rss(0x1FF, 0, new int[] {0, 0}, 1, KEY));
                assertEquals(1, card.wire.pairs, "as a driver says that wants one pair of four");
                card.control(4, 1, Card.rss(0x1FF, 0, new int[] {0, 2}, 1, KEY));
                assertEquals(3, card.wire.pairs, "it receives from more than it transmits on");
                card.control(4, 1, Card.rss(0x1FF, 3, new int[] {0, 2}, 1, KEY));
                assertEquals(4, card.wire.pairs, "it receives others there");
                card.control(4, 1, Card.rss(0x1FF, 0, new int[] {0, 0}, 2, KEY));
                assertEquals(2, card.wire.pairs, "it transmits on more than it receives from");
            }
        }

        @Test
        void the_last_command_decides_between_the_two_ways() {
            try (Card card = card()) {
                card.control(4, 1, Card.rss(0x1FF, 3, new int[] {3}, 4, KEY));
                card.wire.receive(Packets.udp4(Packets.GUEST, 60, 2000));
                assertEquals(3, arrivedOn(card));
                card.setPairs(1);
                card.wire.receive(Packets.udp4(Packets.GUEST, 60, 2000));
                assertEquals(0, arrivedOn(card));
            }
        }

        @Test
        @HostileCase("NE-8")
        void configurations_that_cannot_be_are_refused_and_change_nothing() {
            try (Card card = card()) {
                card.control(4, 1, Card.rss(0x1FF, 2, new int[] {2}, 4, KEY));
                List<byte[]> wrong = List.of(
                        Card.rss(0x200, 0, new int[] {0}, 4, KEY),
                        Card.rss(0x1FF, 4, new int[] {0}, 4, KEY),
                        Card.rss(0x1FF, 0x8000, new int[] {0}, 4, KEY),
                        Card.rss(0x1FF, 0, new int[] {4}, 4, KEY),
                        Card.rss(0x1FF, 0, new int[] {0, 0x8001}, 4, KEY),
                        Card.rss(0x1FF, 0, new int[3], 4, KEY),
                        Card.rss(0x1FF, 0, new int[256], 4, KEY),
                        Card.rss(0x1FF, 0, new int[0], 4, KEY),
                        Card.rss(0x1FF, 0, new int[] {0}, 0, KEY),
                        Card.rss(0x1FF, 0, new int[] {0}, 5, KEY),
                        Card.rss(0x1FF, 0, new int[] {0}, 4, new byte[41]),
                        Arrays.copyOf(Card.rss(0x1FF, 0, new int[] {0}, 4, KEY), 40));
                for (int i = 0; i < wrong.size(); i++) {
                    assertEquals(Card.ERR, card.control(4, 1, wrong.get(i)), "case=" + i);
                }
                HostileCases.count("NE-8", wrong.size());
                card.wire.receive(Packets.udp4(Packets.GUEST, 60, 2000));
                assertEquals(2, arrivedOn(card), "as before");
            }
        }
    }

    @Nested
    class RssContexts {

        private byte[] context(int id, byte[] rss) {
            return Card.join(Card.le16(id), Packets.random(3, 6), rss);
        }

        private final byte[] rss = Card.rss(0x1FF, 0, new int[] {1}, 4, KEY);

        @Test
        @Normative({"NET-95", "NET-96"})
        void contexts_are_added_changed_deleted_and_cleared() {
            try (Card card = card()) {
                Card.Reply cap = card.command(9, 0, new byte[0], 2);
                assertEquals(Card.OK, cap.ack());
                assertEquals(16, cap.data().getShort());
                assertEquals(3, cap.usedLength());

                assertEquals(Card.ERR, card.control(9, 2, context(1, rss)), "not there yet");
                assertEquals(Card.OK, card.control(9, 1, context(1, rss)));
                assertEquals(Card.ERR, card.control(9, 1, context(1, rss)), "there already");
                assertEquals(Card.OK, card.control(9, 2, context(1, rss)));
                assertEquals(Card.ERR, card.setPairs(2), "not while there is a context");
                assertEquals(Card.OK, card.control(9, 1, context(16, rss)));
                assertEquals(Card.OK, card.control(9, 3, Card.le16(16)));
                assertEquals(Card.ERR, card.control(9, 3, Card.le16(16)));

                card.begin(DriverOptions.split());
                assertEquals(Card.ERR, card.control(9, 3, Card.le16(1)), "cleared by the reset");
                assertEquals(Card.OK, card.setPairs(2));
            }
        }

        @Test
        @HostileCase("NE-8")
        void contexts_that_cannot_be_are_refused() {
            try (Card card = card()) {
                for (int id : new int[] {0, 17, 0xFFFF}) {
                    assertEquals(Card.ERR, card.control(9, 1, context(id, rss)), "id=" + id);
                }
                byte[] bad = Card.rss(0x1FF, 9, new int[] {1}, 4, KEY);
                assertEquals(Card.ERR, card.control(9, 1, context(1, bad)));
                assertEquals(Card.ERR, card.control(9, 4, context(1, rss)));
                assertEquals(Card.ERR, card.control(9, 0), "no room for the answer");
                HostileCases.count("NE-8", 6);
            }
            try (Card card = card(
                    DriverOptions.split().queueSize(256).without(NetFeature.RSS_CONTEXT))) {
                assertFalse(card.driver.negotiated().has(NetFeature.RSS_CONTEXT));
                assertEquals(Card.ERR, card.control(9, 1, context(1, rss)));
            }
        }
    }
}
