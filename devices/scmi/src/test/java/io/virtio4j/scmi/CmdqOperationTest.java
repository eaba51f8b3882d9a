// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.scmi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.scmi.protocol.Message;
import io.virtio4j.scmi.protocol.ScmiCounter;
import io.virtio4j.scmi.protocol.ScmiProtocol;
import io.virtio4j.scmi.protocol.ScmiStatus;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.DriverQueue;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.conformance.HostileCase;
import io.virtio4j.testkit.conformance.Normative;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** [Device Types / SCMI Device / Device Operation / cmdq Operation]. */
class CmdqOperationTest {

    /** Protocol, message, parameters: everything that requests a notification. */
    private static final long[][] SUBSCRIPTIONS = {
        {0x10, 0x8, 1}, {0x11, 0x6, 0, 1}, {0x11, 0x7, 0, 1}, {0x12, 0x5, 1}, {0x13, 0x9, 0, 1},
        {0x13, 0xA, 0, 1}, {0x14, 0x9, 0, 1}, {0x14, 0xA, 0, 1}, {0x15, 0x4, 0, 1}, {0x15, 0xB, 0, 1},
        {0x16, 0x5, 0, 1}, {0x18, 0xA, 0, 1}, {0x18, 0xB, 0, 1, 1, 2},
    };

    /** Everything that requests a delayed response. */
    private static final long[][] DELAYED = {
        {0x11, 0x4, 1, 0, 0}, {0x14, 0x5, 1, 0, 2_000_000, 0}, {0x14, 0x5, 3, 0, 2_000_000, 0},
        {0x15, 0x6, 0, 1}, {0x16, 0x4, 0, 5, 0}, {0x17, 0x7, 0, 1, 1_000_000}, {0x18, 0x5, 0, 2, 2_000_000},
    };

    private static long[] rest(long[] command) {
        return Arrays.copyOfRange(command, 2, command.length);
    }

    @Test
    void a_response_is_the_header_the_status_and_results() {
        try (Board board = Board.start(DriverOptions.split())) {
            Message version = board.ok(Board.BASE, 0);
            assertEquals(4, version.bytes().length);
            assertEquals(0x20001, version.word(0));
            assertEquals(1, board.device.counters().get(ScmiCounter.COMMANDS));
            assertEquals(0, board.device.counters().get(ScmiCounter.REFUSED));
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @Normative({"SCMI-3", "SCMI-4"})
    void every_command_of_a_burst_is_processed(RingFormat format) {
        try (Board board = Board.start(DriverOptions.of(format).queueSize(256))) {
            DriverQueue queue = board.driver.queue(Board.COMMANDS);
            for (int round = 0; round < 20; round++) {
                List<Submitted> burst = new ArrayList<>();
                List<Integer> headers = new ArrayList<>();
                while (queue.free() >= 4) {
                    int header = board.nextHeader(Board.SENSOR, 0x6);
                    headers.add(header);
                    burst.add(queue.add(Message.of(header, 0, 0), 24));
                }
                queue.publish();
                queue.kick();
                queue.awaitAll();
                for (int i = 0; i < burst.size(); i++) {
                    Message response = Message.parse(burst.get(i).written());
                    assertEquals(headers.get(i), response.header());
                    assertEquals(20_000, response.doubleWord(0));
                }
                assertTrue(burst.size() > 30);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @Normative("SCMI-5")
    void a_response_with_an_error_has_a_status_alone(RingFormat format) {
        try (Board board = Board.start(DriverOptions.of(format))) {
            // Results were begun before each of these failed, or might have been.
            long[][] failing = {
                {0x14, 0x6, 9}, {0x10, 0x7, 99}, {0x13, 0x4, 0, 50}, {0x99, 0}, {0x14, 0x77}, {0x14, 0x6},
            };
            for (long[] command : failing) {
                int header = board.nextHeader((int) command[0], (int) command[1]);
                Submitted done = board.driver.queue(Board.COMMANDS)
                        .exchange(Message.of(header, rest(command)), 128);
                assertEquals(8, done.usedLength());
                assertTrue(Message.parse(done.written()).status() < 0);
                done.assertNothingBeyond();
            }
            assertEquals(failing.length, board.device.counters().get(ScmiCounter.REFUSED));
            board.assertGoesOn();
        }
    }

    @Test
    @Normative("SCMI-6")
    @HostileCase("SC-4")
    void requests_for_events_succeed_while_there_are_no_event_buffers() {
        try (Board board = Board.start(DriverOptions.split())) {
            for (long[] command : SUBSCRIPTIONS) {
                board.ok((int) command[0], (int) command[1], rest(command));
            }
            for (long[] command : DELAYED) {
                board.ok((int) command[0], (int) command[1], rest(command));
            }
        }
    }

    @Test
    @Normative("SCMI-7")
    @HostileCase("SC-4")
    void without_channels_to_the_agent_every_request_for_an_event_is_denied() {
        try (Board board = Board.start(Board.accepting(ScmiFeature.SHARED_MEMORY))) {
            for (long[] command : SUBSCRIPTIONS) {
                board.refused(ScmiStatus.NOT_SUPPORTED, (int) command[0], (int) command[1], rest(command));
            }
            long rate = board.uart.rate();
            for (long[] command : DELAYED) {
                board.refused(ScmiStatus.NOT_SUPPORTED, (int) command[0], (int) command[1], rest(command));
            }
            assertEquals(rate, board.uart.rate(), "nothing was done of it");
        }
    }

    @Test
    @Normative("SCMI-8")
    void without_channels_to_the_agent_no_event_is_said_to_exist() {
        try (Board with = Board.start(DriverOptions.split());
                Board without = Board.start(Board.accepting())) {
            int hidden = 0;
            for (ScmiProtocol protocol : with.platform.protocols()) {
                for (int message = 0; message < 256; message++) {
                    boolean requests = isSubscription(protocol.id(), message);
                    int seen = with.send(protocol.id(), 2, message).status();
                    int unseen = without.send(protocol.id(), 2, message).status();
                    assertEquals(requests ? ScmiStatus.NOT_FOUND.code() : seen, unseen);
                    hidden += seen != unseen ? 1 : 0;
                }
            }
            assertEquals(SUBSCRIPTIONS.length, hidden);
            assertNoEventsInAttributes(without);
        }
    }

    private static boolean isSubscription(int protocol, int message) {
        for (long[] command : SUBSCRIPTIONS) {
            if (command[0] == protocol && command[1] == message) {
                return true;
            }
        }
        return false;
    }

    /** Bits that say of a domain that it notifies or answers later, in the attributes of each. */
    private static void assertNoEventsInAttributes(Board board) {
        assertEquals(0, board.ok(0x11, 0x3, 0).word(0) >> 28 & ~2);
        assertEquals(0, board.ok(0x13, 0x3, 0).word(0) >> 28 & 3);
        assertEquals(0, board.ok(0x14, 1).word(0) >> 16, "no rate is set later");
        assertEquals(0, board.ok(0x14, 0x3, 0).word(0) >> 30);
        assertEquals(0, board.ok(0x15, 0x3, 0).word(2) >> 30);
        assertEquals(0, board.ok(0x16, 0x3, 0).word(0) >> 30);
        assertEquals(0, board.ok(0x17, 0x3, 0).word(0) >> 31);
        assertEquals(0, board.ok(0x18, 0x3, 0).word(0) >> 29);
    }
}
