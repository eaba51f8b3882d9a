// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.net.packet.NetHeader;
import io.virtio4j.net.packet.Offload;
import io.virtio4j.net.packet.OffloadSet;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.DriverQueue;
import io.virtio4j.testkit.GuestBuffer;
import io.virtio4j.testkit.Layout;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.Submitted.Descriptor;
import io.virtio4j.testkit.conformance.HostileCase;
import io.virtio4j.testkit.conformance.HostileCases;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Drivers that mean no good. After each case, the queue goes on. */
class HostileNetTest {

    private static Card card(RingFormat format) {
        return Card.start(new Wire(), builder -> builder.queuePairs(2), DriverOptions.of(format).queueSize(256));
    }

    private static void assertGoesOn(Card card) {
        card.wire.sent.clear();
        byte[] packet = Packets.plain(Packets.PEER, 60);
        card.transmit(packet);
        assertEquals(60, card.wire.takeOne().packet().length);
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @HostileCase("NE-1")
    void chains_without_a_packet_are_given_back_and_counted(RingFormat format) {
        try (Card card = card(format)) {
            int least = card.headerSize() + 14;
            for (int length = 1; length < least; length++) {
                card.transmitRaw(0, new byte[length]);
                assertEquals(length, card.counter(NetCounter.TX_DROP_MALFORMED));
            }
            HostileCases.count("NE-1", least - 2);
            assertEquals(0, card.wire.sent.size());
            DriverQueue queue = card.driver.queue(1);
            // Nothing readable; longer than any packet; not in memory.
            assertEquals(0, queue.exchange(new byte[0], 500).usedLength());
            card.transmitRaw(0, new byte[card.headerSize() + NetDevice.MOST_PACKET + 1]);
            Submitted nowhere = queue.add(new Descriptor(0x7FFF_0000_0000L, 200, false));
            queue.publish();
            queue.kick();
            assertEquals(0, queue.await(nowhere).usedLength());
            assertEquals(least + 2, card.counter(NetCounter.TX_DROP_MALFORMED));
            assertGoesOn(card);
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @HostileCase("NE-3")
    void receive_buffers_that_are_not_memory_are_given_back_empty(RingFormat format) {
        try (Card card = card(format)) {
            DriverQueue queue = card.driver.queue(0);
            GuestBuffer good = card.driver.ram().allocate(100);
            Submitted half = queue.add(new Descriptor(good.address(), 100, true),
                    new Descriptor(0x7FFF_0000_0000L, 1000, true));
            Submitted none = queue.add(new Descriptor(0x7FFF_0000_0000L, 1000, true));
            Submitted readable = queue.add(new Descriptor(good.address(), 100, false));
            queue.publish();
            queue.kick();
            card.wire.receive(Packets.plain(Packets.GUEST, 500));
            card.driver.runDevice();
            queue.collect();
            for (Submitted each : List.of(half, none, readable)) {
                assertTrue(each.isUsed());
                assertEquals(0, each.usedLength());
            }
            card.post(1, 1000);
            assertEquals(500, card.receivedOne().packet().length);
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @HostileCase({"NE-4", "NE-5"})
    void every_lie_in_the_header_is_survived(RingFormat format) {
        SplittableRandom random = new SplittableRandom(4);
        int[] edges = {0, 1, 13, 14, 33, 34, 35, 50, 53, 54, 100, 1400, 0x7FFF, 0x8000, 0xFFFE, 0xFFFF};
        OffloadSet[] backends = {OffloadSet.NONE, OffloadSet.of(Offload.CSUM), OffloadSet.ALL};
        int played = 0;
        try (Card card = card(format)) {
            for (int i = 0; i < 1500; i++) {
                card.wire.takes = backends[random.nextInt(3)];
                byte[] packet = random.nextBoolean()
                        ? Packets.tcp4(Packets.PEER, random.nextInt(3000), 7000)
                        : Packets.random(i, 14 + random.nextInt(200));
                NetHeader header = new NetHeader()
                        .flags(random.nextBoolean() ? random.nextInt(4) : random.nextInt(256))
                        .gso(random.nextBoolean() ? 0 : random.nextInt(256), edge(random, edges))
                        .hdrLen(edge(random, edges))
                        .csum(edge(random, edges), edge(random, edges))
                        .tunnel(edge(random, edges), edge(random, edges))
                        .outerNhOffset(edge(random, edges));
                card.transmit(header, packet);
                played++;
            }
            HostileCases.count("NE-4", played - 1);
            card.wire.takes = OffloadSet.NONE;
            assertTrue(card.counter(NetCounter.TX_DROP_MALFORMED) > 500);
            assertTrue(card.wire.sent.size() > 100);
            assertTrue(card.wire.sent.stream().noneMatch(
                    sent -> sent.header().csumStart() > sent.packet().length));
            assertGoesOn(card);
        }
    }

    private static int edge(SplittableRandom random, int[] edges) {
        return edges[random.nextInt(edges.length)];
    }

    @Test
    @HostileCase("NE-5")
    void segments_do_not_explode() {
        try (Card card = card(RingFormat.SPLIT)) {
            byte[] packet = Packets.tcp4(Packets.PEER, 60_000, 7000);
            for (int size : new int[] {0, 1, 2, 16, 29}) {
                card.transmit(Packets.large(packet.clone(), NetHeader.GSO_TCPV4, size), packet);
            }
            assertEquals(0, card.wire.sent.size());
            assertEquals(5, card.counter(NetCounter.TX_DROP_MALFORMED));
            card.transmit(Packets.partial(packet).flags(0).gso(NetHeader.GSO_TCPV4, 1000), packet);
            assertEquals(0, card.wire.sent.size(), "segmentation without checksum");
            HostileCases.count("NE-5", 5);
            assertGoesOn(card);
        }
    }

    @Test
    @HostileCase("NE-5")
    void a_queue_full_of_large_packets_does_not_keep_the_device_for_long() {
        try (Card card = card(RingFormat.SPLIT)) {
            byte[] packet = Packets.tcp4(Packets.PEER, 60_000, 7000);
            byte[] buffer = card.buffer(Packets.large(packet, NetHeader.GSO_TCPV4, 60), packet);
            DriverQueue queue = card.driver.queue(1).layout(Layout.WHOLE);
            for (int i = 0; i < 40; i++) {
                queue.add(buffer, 0);
            }
            queue.publish();
            queue.kick();
            card.driver.instance().poll(1);
            int first = card.wire.sent.size();
            assertTrue(first < 30_000, "segments in one turn: " + first);
            card.driver.runDevice();
            assertEquals(40_000, card.wire.sent.size());
            queue.collect();
        }
    }

    // ── The control queue ──────────────────────────────────────────────────

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @HostileCase("NE-7")
    void commands_that_do_not_exist_are_refused(RingFormat format) {
        try (Card card = card(format)) {
            int refused = 0;
            for (int type = 0; type < 256; type++) {
                for (int command : new int[] {7, 100, 255}) {
                    assertEquals(Card.ERR, card.control(type, command, new byte[64]));
                    refused++;
                }
            }
            for (int type = 0; type < 10; type++) {
                assertEquals(Card.ERR, card.command(type, 255, new byte[0], 0).ack());
                refused++;
            }
            HostileCases.count("NE-7", refused - 1);
            assertEquals(0, card.counter(NetCounter.COMMANDS_OK));
            assertEquals(Card.OK, card.control(0, 0, (byte) 1));
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @HostileCase("NE-7")
    void tables_that_pass_their_buffer_are_refused(RingFormat format) {
        try (Card card = card(format)) {
            byte[] address = new byte[6];
            List<byte[]> wrong = List.of(
                    Card.le32(1), Card.le32(0), Card.le32(0xFFFF_FFFFL), Card.le32(0x2AAA_AAABL, 0),
                    Card.join(Card.le32(1), address), Card.join(Card.le32(2), address, Card.le32(0)),
                    Card.join(Card.le32(0), Card.le32(0xFFFF_FFFFL), new byte[600]),
                    Card.join(Card.le32(0xFFFF_FFFFL), new byte[600]),
                    Card.join(Card.le32(100), new byte[599], Card.le32(0)), new byte[3]);
            for (byte[] table : wrong) {
                assertEquals(Card.ERR, card.control(1, 0, table));
            }
            for (int id : new int[] {4096, 5000, 0x8005, 0xFFFF}) {
                assertEquals(Card.ERR, card.control(2, 0, Card.le16(id)));
                assertEquals(Card.ERR, card.control(2, 1, Card.le16(id)));
            }
            HostileCases.count("NE-7", wrong.size() + 7);
            assertEquals(Card.OK, card.control(1, 0, Card.le32(0, 0)));
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @HostileCase({"NE-7", "DC-8"})
    void a_command_without_room_for_ack_is_given_back(RingFormat format) {
        try (Card card = card(format)) {
            DriverQueue control = card.driver.queue(card.controlIndex());
            assertEquals(0, control.exchange(new byte[] {0, 0, 1}, 0).usedLength());
            assertEquals(1, card.driver.instance().counters(card.controlIndex()).chainFaults());
            assertEquals(1, control.exchange(new byte[0], 1).usedLength());
            assertEquals(1, control.exchange(new byte[] {0}, 1).usedLength());
            assertEquals(Card.OK, card.control(0, 0, (byte) 1));
        }
    }

    @Test
    @HostileCase("ST-6")
    void commands_of_features_that_were_not_negotiated_are_refused() {
        try (Card card = Card.start(
                new Wire(), builder -> builder.queuePairs(2), Card.accepting(NetFeature.CTRL_VQ))) {
            int[][] commands = {{0, 0}, {0, 1}, {0, 2}, {0, 5}, {1, 0}, {1, 1}, {2, 0}, {2, 1}, {3, 0}, {4, 0},
                {4, 1}, {4, 2}, {5, 0}, {6, 0}, {6, 1}, {6, 2}, {6, 3}, {7, 0}, {8, 0}, {8, 1}, {9, 0}, {9, 1},
                {9, 2}, {9, 3}};
            byte[] data = new byte[64];
            data[0] = 1;
            for (int[] command : commands) {
                assertEquals(Card.ERR, card.command(command[0], command[1], data, 64).ack());
            }
            HostileCases.count("ST-6", commands.length - 1);
        }
    }
}
