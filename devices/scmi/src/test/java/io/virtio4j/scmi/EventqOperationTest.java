// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.scmi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.scmi.protocol.Message;
import io.virtio4j.scmi.protocol.ScmiCounter;
import io.virtio4j.scmi.protocol.ScmiStatus;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.conformance.HostileCase;
import io.virtio4j.testkit.conformance.Normative;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** [Device Types / SCMI Device / Device Operation / eventq Operation]. */
class EventqOperationTest {

    private static final int RATE_NOTIFY = 0x9;
    private static final int RATE_SET = 0x5;
    private static final long LATER = 1;

    private static Board subscribed(DriverOptions options) {
        Board board = Board.start(options);
        board.ok(Board.CLOCK, RATE_NOTIFY, 0, 1);
        return board;
    }

    private static void setRate(Board board, long megahertz) {
        board.ok(Board.CLOCK, RATE_SET, 0, 0, megahertz * 1_000_000, 0);
    }

    private static void assertRate(long megahertz, Message event) {
        Board.assertNotification(Board.CLOCK, 0, event);
        assertEquals(1, event.status(), "the agent that set it");
        assertEquals(0, event.word(0));
        assertEquals(megahertz * 1_000_000, event.doubleWord(4));
        assertEquals(12, event.bytes().length);
    }

    // ── Notifications ──────────────────────────────────────────────────────

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void a_notification_fills_a_buffer(RingFormat format) {
        try (Board board = subscribed(DriverOptions.of(format))) {
            board.post(2, Board.EVENT_BUFFER);
            setRate(board, 5);
            assertRate(5, board.event());
            board.ok(Board.CLOCK, RATE_NOTIFY, 0, 0);
            setRate(board, 6);
            assertEquals(List.of(), board.events());
        }
    }

    @Test
    @Normative({"SCMI-9", "SCMI-10", "SCMI-11"})
    @HostileCase("SC-4")
    void notifications_without_a_buffer_are_sent_later_with_what_is_true_then() {
        try (Board board = subscribed(DriverOptions.split())) {
            for (int megahertz = 2; megahertz <= 100; megahertz++) {
                setRate(board, megahertz);
            }
            board.post(5, Board.EVENT_BUFFER);
            assertRate(100, board.event());
            assertEquals(98, board.device.counters().get(ScmiCounter.NOTIFICATIONS_MERGED));
        }
    }

    @Test
    @Normative("SCMI-9")
    @HostileCase("SC-4")
    void of_notifications_that_cannot_be_merged_only_so_many_wait() {
        try (Board board = Board.start(DriverOptions.split().queueSize(256))) {
            board.ok(Board.SENSOR, 0x4, 0, 1);
            board.ok(Board.SENSOR, 0x5, 0, 3, 50_000, 0);
            for (int i = 0; i < 200; i++) {
                board.temperature.set(i % 2 == 0 ? 60_000 : 40_000);
                board.time.advance(Duration.ofMillis(100));
            }
            board.post(100, Board.EVENT_BUFFER);
            List<Message> events = board.events();
            assertEquals(64, events.size());
            assertEquals(200 - 64, board.device.counters().get(ScmiCounter.NOTIFICATIONS_DROPPED));
            // The first ones, in order: up, down, up, ...
            for (int i = 0; i < events.size(); i++) {
                assertEquals(i % 2 == 0 ? 1 << 16 : 0, events.get(i).word(1));
            }
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @Normative("SCMI-12")
    void a_notification_that_is_too_large_for_the_buffer_is_left_out(RingFormat format) {
        try (Board board = subscribed(DriverOptions.of(format))) {
            board.post(1, 16);
            setRate(board, 5);
            assertEquals(List.of(), board.used());
            assertEquals(1, board.device.counters().get(ScmiCounter.NOTIFICATIONS_DROPPED));
            // The buffer is there for what fits.
            board.ok(Board.POWER, 0x6, 0, 1);
            board.ok(Board.POWER, 0x4, 0, 0, 0x4000_0000L);
            Board.assertNotification(Board.POWER, 0, board.event());
        }
    }

    // ── Delayed responses ──────────────────────────────────────────────────

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void a_delayed_response_has_the_token_of_its_command(RingFormat format) {
        try (Board board = Board.start(DriverOptions.of(format))) {
            board.post(1, Board.EVENT_BUFFER);
            Message response = board.ok(Board.CLOCK, RATE_SET, LATER, 0, 9_000_000, 0);
            assertEquals(List.of(), board.events(), "it takes a while");
            board.time.advance(Duration.ofMillis(5));
            Message event = board.event();
            assertEquals(response.header() | 2 << 8, event.header());
            assertEquals(0, event.status());
            assertEquals(0, event.word(0));
            assertEquals(9_000_000, event.doubleWord(4));
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @Normative("SCMI-13")
    void delayed_responses_wait_for_buffers(RingFormat format) {
        try (Board board = Board.start(DriverOptions.of(format))) {
            for (int i = 0; i < 64; i++) {
                board.ok(Board.CLOCK, RATE_SET, LATER, 0, (i + 1) * 1_000_000L, 0);
            }
            // What is owed is bounded.
            board.refused(ScmiStatus.BUSY, Board.CLOCK, RATE_SET, LATER, 0, 1_000_000, 0);
            assertEquals(64_000_000, board.uart.rate());
            board.time.advance(Duration.ofMillis(5));
            int arrived = 0;
            for (int round = 0; round < 16; round++) {
                board.post(4, Board.EVENT_BUFFER);
                for (Message event : board.events()) {
                    arrived++;
                    assertEquals(arrived * 1_000_000L, event.doubleWord(4));
                }
            }
            assertEquals(64, arrived);
            board.ok(Board.CLOCK, RATE_SET, LATER, 0, 1_000_000, 0);
            board.time.advance(Duration.ofMillis(5));
        }
    }

    @Test
    @Normative("SCMI-13")
    void a_delayed_response_waits_for_a_buffer_that_is_large_enough() {
        try (Board board = Board.start(DriverOptions.split())) {
            board.post(3, 10);
            board.ok(Board.CLOCK, RATE_SET, LATER, 0, 9_000_000, 0);
            board.time.advance(Duration.ofMillis(5));
            List<Submitted> small = board.used();
            assertEquals(3, small.size());
            assertTrue(small.stream().allMatch(done -> done.usedLength() == 0));
            board.post(1, Board.EVENT_BUFFER);
            assertEquals(9_000_000, board.event().doubleWord(4));
        }
    }

    @Test
    @Normative("SCMI-14")
    void a_delayed_response_with_an_error_has_a_status_alone() {
        try (Board board = Board.start(DriverOptions.split())) {
            board.post(2, Board.EVENT_BUFFER);
            board.sensorFails = true;
            board.ok(Board.SENSOR, 0x6, 0, LATER);
            List<Submitted> used = board.used();
            assertEquals(1, used.size());
            assertEquals(8, used.getFirst().usedLength());
            assertEquals(ScmiStatus.HARDWARE_ERROR.code(),
                    Message.parse(used.getFirst().written()).status());
            board.sensorFails = false;
            board.ok(Board.SENSOR, 0x6, 0, LATER);
            assertEquals(20_000, board.event().doubleWord(4));
        }
    }

    @Test
    void a_delayed_response_comes_after_the_response() {
        try (Board board = Board.start(DriverOptions.split())) {
            board.post(1, Board.EVENT_BUFFER);
            var queue = board.driver.queue(Board.COMMANDS);
            Submitted command = queue.submit(
                    Message.of(board.nextHeader(Board.SENSOR, 0x6), 0, LATER), 8);
            // One turn serves the command; the event needs another.
            board.driver.instance().poll(1);
            queue.collect();
            assertTrue(command.isUsed());
            assertEquals(1, board.events().size());
        }
    }

    @Test
    void a_reset_forgets_subscriptions_and_what_was_owed() {
        try (Board board = subscribed(DriverOptions.split())) {
            board.ok(Board.CLOCK, RATE_SET, LATER, 0, 9_000_000, 0);
            board.begin(DriverOptions.split());
            board.post(4, Board.EVENT_BUFFER);
            board.time.advance(Duration.ofSeconds(1));
            setRate(board, 3);
            assertEquals(List.of(), board.events());
        }
    }
}
