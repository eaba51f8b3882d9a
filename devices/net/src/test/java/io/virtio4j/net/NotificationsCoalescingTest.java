// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.net.packet.NetHeader;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.DriverQueue;
import io.virtio4j.testkit.ManualClock;
import io.virtio4j.testkit.conformance.Normative;
import java.nio.ByteBuffer;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** [Notifications Coalescing] */
class NotificationsCoalescingTest {

    private static final int TX_SET = 0;
    private static final int RX_SET = 1;
    private static final int VQ_SET = 2;
    private static final int VQ_GET = 3;

    private final ManualClock clock = new ManualClock();

    private Card card(RingFormat format) {
        return card(DriverOptions.of(format).queueSize(256));
    }

    private Card card(DriverOptions options) {
        return Card.start(new Wire(), builder -> builder.clock(clock).queuePairs(2), options).post(100, 512);
    }

    private static int all(Card card, int command, long packets, long usecs) {
        return card.control(6, command, Card.le32(packets, usecs));
    }

    private static int queue(Card card, int queue, long packets, long usecs) {
        return card.control(6, VQ_SET, Card.join(Card.le16(queue, 0xFFFF), Card.le32(packets, usecs)));
    }

    private static String get(Card card, int queue) {
        Card.Reply reply = card.command(6, VQ_GET, Card.le16(queue, 0x1234), 8);
        if (reply.ack() != Card.OK) {
            assertEquals(1, reply.usedLength());
            return "ERR";
        }
        assertEquals(9, reply.usedLength());
        ByteBuffer data = reply.data();
        return data.getInt() + "/" + data.getInt();
    }

    private static void receive(Card card, int packets) {
        for (int i = 0; i < packets; i++) {
            card.wire.receive(Packets.plain(Packets.GUEST, 60));
            card.driver.runDevice();
        }
    }

    private static void send(Card card, int packets) {
        DriverQueue queue = card.driver.queue(1);
        for (int i = 0; i < packets; i++) {
            queue.submit(card.buffer(new NetHeader(), Packets.plain(Packets.PEER, 60)), 0);
            card.driver.runDevice();
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void a_notification_comes_after_so_many_packets_or_so_much_time(RingFormat format) {
        try (Card card = card(format)) {
            assertEquals(Card.OK, all(card, RX_SET, 15, 10));
            receive(card, 14);
            assertEquals(0, card.notifications(0));
            receive(card, 1);
            assertEquals(1, card.notifications(0));
            assertEquals(15, card.received().size());

            receive(card, 3);
            clock.advance(Duration.ofNanos(9_999));
            card.driver.runDevice();
            assertEquals(1, card.notifications(0));
            clock.advance(Duration.ofNanos(1));
            card.driver.runDevice();
            assertEquals(2, card.notifications(0));
            assertEquals(3, card.received().size());
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void transmit_queues_count_for_themselves(RingFormat format) {
        try (Card card = card(format)) {
            assertEquals(Card.OK, all(card, TX_SET, 8, 1000));
            send(card, 7);
            receive(card, 1);
            assertEquals(0, card.notifications(1));
            assertEquals(1, card.notifications(0));
            send(card, 1);
            assertEquals(1, card.notifications(1));
            assertEquals(8, card.driver.queue(1).collect());
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void a_zero_in_either_parameter_means_a_notification_each_time(RingFormat format) {
        try (Card card = card(format)) {
            for (long[] parameters : new long[][] {{0, 0}, {0, 100}, {100, 0}}) {
                all(card, RX_SET, parameters[0], parameters[1]);
                long before = card.notifications(0);
                for (int i = 0; i < 3; i++) {
                    receive(card, 1);
                    card.received();
                }
                assertEquals(before + 3, card.notifications(0));
            }
        }
    }

    @Test
    void new_parameters_hold_for_what_waits_already() {
        try (Card card = card(RingFormat.SPLIT)) {
            all(card, TX_SET, 15, 1_000_000);
            send(card, 10);
            assertEquals(0, card.notifications(1));
            all(card, TX_SET, 8, 1_000_000);
            card.driver.runDevice();
            assertEquals(1, card.notifications(1));
            card.driver.queue(1).collect();

            send(card, 1);
            all(card, TX_SET, 8, 5);
            card.driver.runDevice();
            assertEquals(1, card.notifications(1));
            clock.advance(Duration.ofNanos(5_000));
            card.driver.runDevice();
            assertEquals(2, card.notifications(1));
            card.driver.queue(1).collect();
        }
    }

    /** The text's own example. */
    @Test
    @Normative({"NET-97", "NET-98", "NET-99"})
    void the_last_parameters_set_for_a_queue_apply() {
        try (Card card = card(RingFormat.SPLIT)) {
            assertEquals(Card.OK, all(card, RX_SET, 1, 10));
            assertEquals("1/10", get(card, 0));
            assertEquals("1/10", get(card, 2));
            assertEquals("0/0", get(card, 1));
            assertEquals(Card.OK, queue(card, 0, 2, 20));
            assertEquals("2/20", get(card, 0));
            assertEquals("1/10", get(card, 2));
            assertEquals(Card.OK, queue(card, 1, 3, 30));
            assertEquals("3/30", get(card, 1));
            assertEquals("0/0", get(card, 3));
            assertEquals(Card.OK, all(card, TX_SET, 4, 40));
            assertEquals("4/40", get(card, 1));
            assertEquals("4/40", get(card, 3));
            assertEquals("2/20", get(card, 0));
        }
    }

    @Test
    @Normative({"NET-98", "NET-99"})
    void what_cannot_be_set_is_refused() {
        try (Card card = card(DriverOptions.split().queueSize(256).without(NetFeature.NOTF_COAL))) {
            assertEquals(Card.ERR, all(card, RX_SET, 1, 1));
            assertEquals(Card.ERR, all(card, TX_SET, 1, 1));
            assertEquals(Card.OK, queue(card, 0, 1, 1));
            assertEquals(Card.ERR, card.control(6, VQ_SET, Card.le32(0, 1)), "cut short");
            assertEquals(Card.ERR, card.control(6, 4, Card.le32(0, 1)));
        }
        try (Card card = card(DriverOptions.split().queueSize(256).without(NetFeature.VQ_NOTF_COAL))) {
            assertEquals(Card.ERR, queue(card, 0, 1, 1));
            assertEquals("ERR", get(card, 0));
            assertEquals(Card.OK, all(card, RX_SET, 1, 1));
        }
    }

    @Test
    @Normative("NET-100")
    void queues_that_are_not_enabled_or_of_another_kind_are_refused() {
        try (Card card = card(RingFormat.SPLIT)) {
            for (int queue : new int[] {4, 5, 100, 0xFFFF}) {
                assertEquals(Card.ERR, queue(card, queue, 1, 1));
                assertEquals("ERR", get(card, queue));
            }
            card.driver.resetQueue(2);
            assertEquals(Card.ERR, queue(card, 2, 1, 1));
            assertEquals("ERR", get(card, 2));
        }
    }

    @Test
    @Normative({"NET-101", "NET-102"})
    void a_queue_that_is_enabled_again_has_the_parameters_of_all() {
        try (Card card = card(RingFormat.SPLIT)) {
            queue(card, 2, 5, 50);
            queue(card, 3, 6, 60);
            card.driver.resetQueue(2).resetQueue(3);
            card.driver.setUpQueue(2).mayKeepBuffers();
            card.driver.setUpQueue(3);
            assertEquals("0/0", get(card, 2));
            assertEquals("0/0", get(card, 3));
            all(card, RX_SET, 7, 70);
            all(card, TX_SET, 8, 80);
            queue(card, 2, 5, 50);
            queue(card, 3, 6, 60);
            card.driver.resetQueue(2).resetQueue(3);
            card.driver.setUpQueue(2).mayKeepBuffers();
            card.driver.setUpQueue(3);
            assertEquals("7/70", get(card, 2));
            assertEquals("8/80", get(card, 3));
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @Normative({"NET-103", "NET-104"})
    void suppressed_notifications_are_not_sent_when_the_time_has_come(RingFormat format) {
        try (Card card = card(format)) {
            all(card, RX_SET, 4, 10);
            card.driver.queue(0).disableInterrupts();
            receive(card, 6);
            clock.advance(Duration.ofNanos(1_000_000));
            card.driver.runDevice();
            assertEquals(0, card.notifications(0));
            assertEquals(6, card.received().size());
        }
    }

    @Test
    @Normative("NET-105")
    void a_reset_zeroes_all_parameters() {
        try (Card card = card(RingFormat.SPLIT)) {
            all(card, RX_SET, 1, 10);
            all(card, TX_SET, 2, 20);
            queue(card, 0, 3, 30);
            card.begin(DriverOptions.split());
            for (int queue = 0; queue < 4; queue++) {
                assertEquals("0/0", get(card, queue));
            }
        }
    }
}
