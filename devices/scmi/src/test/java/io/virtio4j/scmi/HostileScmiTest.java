// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.scmi;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.scmi.protocol.Message;
import io.virtio4j.scmi.protocol.ScmiStatus;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.DriverQueue;
import io.virtio4j.testkit.GuestBuffer;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.Submitted.Descriptor;
import io.virtio4j.testkit.conformance.HostileCase;
import io.virtio4j.testkit.conformance.HostileCases;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Drivers that mean no good. After each case, the queue goes on. */
class HostileScmiTest {

    private static final int ROOM = 136;
    private static final long NOWHERE = 0x7FFF_0000_0000L;

    private static Submitted exchange(Board board, byte[] readable, int room) {
        return board.driver.queue(Board.COMMANDS).exchange(readable, room);
    }

    private static void assertStatus(ScmiStatus status, Submitted done) {
        assertEquals(8, done.usedLength());
        assertEquals(status.code(), Message.parse(done.written()).status());
        done.assertNothingBeyond();
    }

    // ── SC-1 ───────────────────────────────────────────────────────────────

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @HostileCase("SC-1")
    void a_message_without_a_whole_header_is_a_protocol_error(RingFormat format) {
        try (Board board = Board.start(DriverOptions.of(format))) {
            byte[] header = {1, 2, 3};
            for (int length = 0; length < 4; length++) {
                Submitted done = exchange(board, Arrays.copyOf(header, length), ROOM);
                assertStatus(ScmiStatus.PROTOCOL_ERROR, done);
                assertArrayEquals(Arrays.copyOf(Arrays.copyOf(header, length), 4),
                        Arrays.copyOf(done.written(), 4));
            }
            HostileCases.count("SC-1", 3);
            board.assertGoesOn();
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @HostileCase("SC-1")
    void every_message_of_every_protocol_with_every_length_is_answered(RingFormat format) {
        SplittableRandom random = new SplittableRandom(8);
        int played = 0;
        try (Board board = Board.start(DriverOptions.of(format))) {
            for (int protocol = 0; protocol < 256; protocol++) {
                boolean exists = protocol >= 0x10 && protocol <= 0x19;
                for (int message = 0; message < (exists ? 256 : 4); message++) {
                    int longest = exists && message < 0x12 ? 24 : 8;
                    for (int length = 0; length <= longest; length++) {
                        byte[] bytes = Arrays.copyOf(
                                Message.of(Message.command(protocol, message, random.nextInt(1024))), 4 + length);
                        for (int i = 4; i < bytes.length; i++) {
                            bytes[i] = (byte) (random.nextInt(3) == 0 ? random.nextInt(256) : 0);
                        }
                        Submitted done = exchange(board, bytes, ROOM);
                        Message response = Message.parse(done.written());
                        played++;
                        assertEquals(Message.parse(Arrays.copyOf(bytes, 8)).header(), response.header());
                        if (!exists) {
                            assertEquals(ScmiStatus.NOT_SUPPORTED.code(), response.status());
                        }
                        if (length % 4 != 0) {
                            assertTrue(response.status() < 0);
                        }
                        board.used();
                    }
                }
            }
            HostileCases.count("SC-1", played - 1);
            board.assertGoesOn();
        }
    }

    @Test
    @HostileCase("SC-1")
    void messages_that_are_no_commands_are_protocol_errors() {
        try (Board board = Board.start(DriverOptions.split())) {
            for (int type = 1; type < 4; type++) {
                assertStatus(ScmiStatus.PROTOCOL_ERROR,
                        exchange(board, Message.of(Message.command(Board.CLOCK, 6, 1) | type << 8, 0), ROOM));
            }
            board.assertGoesOn();
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @HostileCase("SC-1")
    void a_command_of_gigabytes_costs_no_memory(RingFormat format) {
        try (Board board = Board.start(DriverOptions.of(format).queueSize(256))) {
            DriverQueue queue = board.driver.queue(Board.COMMANDS);
            GuestBuffer large = board.driver.ram().allocate(1 << 20);
            large.write(0, Message.of(Message.command(Board.CLOCK, 6, 1), 0));
            GuestBuffer reply = board.driver.ram().allocate(ROOM);
            long before = allocated();
            for (int parts : new int[] {1, 60, 200}) {
                List<Descriptor> chain = new ArrayList<>();
                for (int i = 0; i < parts; i++) {
                    chain.add(new Descriptor(large.address(), 1 << 20, false));
                }
                chain.add(new Descriptor(reply.address(), ROOM, true));
                Submitted done = queue.add(chain, chain.size());
                queue.publish();
                queue.kick();
                assertEquals(8, queue.await(done).usedLength());
                assertEquals(ScmiStatus.PROTOCOL_ERROR.code(), (int) reply.get(4, 4));
                reply.fill(0);
            }
            // Nor one that is longer than memory.
            Submitted beyond = queue.add(new Descriptor(large.address(), 0xFFFF_0000L, false),
                    new Descriptor(reply.address(), ROOM, true));
            queue.publish();
            queue.kick();
            assertEquals(8, queue.await(beyond).usedLength());
            assertEquals(ScmiStatus.PROTOCOL_ERROR.code(), (int) reply.get(4, 4));
            assertTrue(allocated() - before < 260 * (1 << 20), "the test itself copies what it submits");
            board.assertGoesOn();
        }
    }

    private static long allocated() {
        return ((com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean())
                .getCurrentThreadAllocatedBytes();
    }

    // ── SC-2 ───────────────────────────────────────────────────────────────

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @HostileCase("SC-2")
    void a_response_that_does_not_fit_is_the_shortest_that_there_is(RingFormat format) {
        try (Board board = Board.start(DriverOptions.of(format))) {
            byte[] rateGet = Message.of(Message.command(Board.CLOCK, 6, 1), 0);
            byte[] rateSet = Message.of(Message.command(Board.CLOCK, 5, 1), 0, 0, 50_000_000, 0);
            for (int room = 0; room < 8; room++) {
                assertEquals(0, exchange(board, rateGet, room).usedLength());
                assertEquals(0, exchange(board, rateSet, room).usedLength());
                assertEquals(1_000_000, board.uart.rate(), "what cannot be answered is not done");
            }
            for (int room = 8; room < 16; room++) {
                assertStatus(ScmiStatus.PROTOCOL_ERROR, exchange(board, rateGet, room));
            }
            assertEquals(16, exchange(board, rateGet, 16).usedLength());
            assertEquals(8, exchange(board, rateSet, 8).usedLength());
            assertEquals(50_000_000, board.uart.rate());
            HostileCases.count("SC-2", 23);
        }
    }

    @Test
    @HostileCase("SC-2")
    void a_response_that_is_not_in_memory_is_none() {
        try (Board board = Board.start(DriverOptions.split())) {
            DriverQueue queue = board.driver.queue(Board.COMMANDS);
            GuestBuffer request = board.driver.ram().allocate(20);
            request.write(0, Message.of(Message.command(Board.CLOCK, 5, 1), 0, 0, 50_000_000, 0));
            Submitted done = queue.add(new Descriptor(request.address(), 20, false),
                    new Descriptor(NOWHERE, 8, true));
            queue.publish();
            queue.kick();
            assertEquals(0, queue.await(done).usedLength());
            assertEquals(1_000_000, board.uart.rate(), "what cannot be answered is not done");
            board.assertGoesOn();
        }
    }

    // ── SC-3 ───────────────────────────────────────────────────────────────

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @HostileCase("SC-3")
    void a_token_may_be_in_flight_twice_and_in_any_order(RingFormat format) {
        try (Board board = Board.start(DriverOptions.of(format).queueSize(256))) {
            board.post(60, ROOM);
            DriverQueue queue = board.driver.queue(Board.COMMANDS);
            int[] tokens = {5, 5, 5, 1023, 0, 4, 5, 3};
            List<Submitted> all = new ArrayList<>();
            for (int token : tokens) {
                all.add(queue.add(Message.of(Message.command(Board.SENSOR, 6, token), 0, 1), 8));
            }
            queue.publish();
            queue.kick();
            queue.awaitAll();
            List<Message> events = board.events();
            assertEquals(tokens.length, events.size());
            for (int i = 0; i < tokens.length; i++) {
                int header = Message.command(Board.SENSOR, 6, tokens[i]);
                assertEquals(header, Message.parse(all.get(i).written()).header());
                assertEquals(header | 2 << 8, events.get(i).header());
            }
        }
    }

    // ── SC-4 ───────────────────────────────────────────────────────────────

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @HostileCase("SC-4")
    void domains_that_do_not_exist_are_not_found(RingFormat format) {
        // Protocol, message, words before the id, words behind it.
        int[][] commands = {
            {0x11, 3, 0, 0}, {0x11, 4, 1, 1}, {0x11, 5, 0, 0}, {0x11, 6, 0, 1}, {0x11, 7, 0, 1}, {0x11, 8, 0, 0},
            {0x13, 3, 0, 0}, {0x13, 4, 0, 1}, {0x13, 5, 0, 2}, {0x13, 6, 0, 0}, {0x13, 7, 0, 1}, {0x13, 8, 0, 0},
            {0x13, 9, 0, 1}, {0x13, 10, 0, 1}, {0x13, 11, 0, 1}, {0x13, 12, 0, 0},
            {0x14, 3, 0, 0}, {0x14, 4, 0, 1}, {0x14, 5, 1, 2}, {0x14, 6, 0, 0}, {0x14, 7, 0, 2}, {0x14, 8, 0, 0},
            {0x14, 9, 0, 1}, {0x14, 10, 0, 1}, {0x14, 11, 0, 1}, {0x14, 12, 0, 1}, {0x14, 13, 0, 1},
            {0x14, 14, 0, 0}, {0x14, 15, 0, 0},
            {0x15, 4, 0, 1}, {0x15, 5, 0, 3}, {0x15, 6, 0, 1}, {0x15, 7, 0, 1}, {0x15, 8, 0, 1}, {0x15, 9, 0, 0},
            {0x15, 10, 0, 1}, {0x15, 11, 0, 1}, {0x15, 12, 0, 0}, {0x15, 13, 0, 1},
            {0x16, 3, 0, 0}, {0x16, 4, 0, 2}, {0x16, 5, 0, 1}, {0x16, 6, 0, 0},
            {0x17, 3, 0, 0}, {0x17, 4, 0, 1}, {0x17, 5, 0, 1}, {0x17, 6, 0, 0}, {0x17, 7, 0, 2}, {0x17, 8, 0, 0},
            {0x17, 9, 0, 0},
            {0x18, 3, 0, 0}, {0x18, 4, 0, 0}, {0x18, 5, 0, 2}, {0x18, 6, 0, 0}, {0x18, 7, 0, 2}, {0x18, 8, 0, 0},
            {0x18, 9, 0, 0}, {0x18, 10, 0, 1}, {0x18, 11, 0, 3}, {0x18, 12, 0, 1},
            {0x19, 3, 0, 1}, {0x19, 5, 0, 1}, {0x19, 6, 0, 2}, {0x19, 7, 0, 1}, {0x19, 8, 0, 1}, {0x19, 9, 0, 1},
        };
        long[] ids = {2, 3, 255, 256, 65535, 65536, 0x7FFF_FFFFL, 0x8000_0000L, 0xFFFF_FFFFL};
        try (Board board = Board.start(DriverOptions.of(format))) {
            for (int[] command : commands) {
                for (long id : ids) {
                    long[] words = new long[command[2] + 1 + command[3]];
                    words[command[2]] = id;
                    board.refused(ScmiStatus.NOT_FOUND, command[0], command[1], words);
                }
            }
            HostileCases.count("SC-4", commands.length * ids.length - 1);
            board.assertGoesOn();
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @HostileCase("SC-4")
    void event_buffers_that_are_none_are_given_back_empty(RingFormat format) {
        try (Board board = Board.start(DriverOptions.of(format))) {
            board.ok(Board.CLOCK, 9, 0, 1);
            DriverQueue events = board.driver.queue(Board.EVENTS);
            GuestBuffer good = board.driver.ram().allocate(100);
            Submitted nowhere = events.add(new Descriptor(NOWHERE, 100, true));
            Submitted half = events.add(new Descriptor(good.address(), 10, true),
                    new Descriptor(NOWHERE, 100, true));
            Submitted fine = events.add(new byte[] {1, 2, 3}, 40);
            events.publish();
            events.kick();
            board.ok(Board.CLOCK, 5, 0, 0, 7_000_000, 0);
            board.driver.runDevice();
            events.collect();
            assertEquals(0, nowhere.usedLength());
            assertEquals(0, half.usedLength());
            assertEquals(20, fine.usedLength(), "what is readable is of no consequence");
        }
    }

    @Test
    @HostileCase("SC-4")
    void an_event_queue_that_is_never_fed_costs_bounded_memory() {
        try (Board board = Board.start(DriverOptions.split().queueSize(256))) {
            board.ok(Board.BASE, 8, 1);
            for (int i = 0; i < 100_000; i++) {
                board.platform.reportErrors(1, false, List.of());
            }
            board.post(100, ROOM);
            assertEquals(64, board.events().size());
        }
    }
}
