// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.scmi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.core.wire.StateException;
import io.virtio4j.core.wire.StateReader;
import io.virtio4j.core.wire.StateWriter;
import io.virtio4j.scmi.platform.Clock;
import io.virtio4j.scmi.platform.SimulatedPlatform;
import io.virtio4j.scmi.protocol.Message;
import io.virtio4j.scmi.protocol.ScmiPlatform;
import io.virtio4j.testkit.DriverOptions;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What the driver set and asked for goes with the device. */
class SavedStateTest {

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void everything_that_was_set_holds_elsewhere(RingFormat format) {
        Board there = Board.unstarted();
        try (Board board = Board.start(DriverOptions.of(format))) {
            board.ok(0x11, 0x4, 0, 0, 0x4000_0000L);
            board.ok(0x12, 0x3, 0, 4);
            board.ok(0x13, 0x5, 0, 1_000_000, 1_000_000);
            board.ok(0x14, 0x5, 0, 0, 42_000_000, 0);
            board.ok(0x14, 0x7, 0, 0, 0);
            board.ok(0x15, 0xA, 0, 3);
            board.ok(0x16, 0x4, 0, 2, 0);
            board.ok(0x17, 0x7, 0, 0, 1_100_000);
            board.ok(0x17, 0x5, 0, 0);
            board.ok(0x18, 0x5, 0, 0, 3_000_000);
            board.ok(0x19, 0x6, 0, 0, 1 | 1 << 2 | 1 << 10, 10, 8);
            board.ok(0x19, 0x7, 1, 0);

            board.driver.migrateTo(there.device);

            assertEquals(0x4000_0000L, board.ok(0x11, 0x5, 0).word(0));
            assertEquals(4, board.ok(0x12, 0x4).word(0));
            assertEquals(1_000_000, board.ok(0x13, 0x8, 0).word(0));
            assertEquals(1_000_000, board.ok(0x13, 0x6, 0).word(1));
            assertEquals(42_000_000, board.ok(0x14, 0x6, 0).doubleWord(0));
            assertEquals(0, board.ok(0x14, 0xB, 0, 0).word(1));
            assertEquals(3, board.ok(0x15, 0x9, 0).word(0) & 3);
            assertEquals(1_100_000, board.ok(0x17, 0x8, 0).word(0));
            assertEquals(0, board.ok(0x17, 0x6, 0).word(0));
            assertEquals(3_000_000, board.ok(0x18, 0x4, 0).word(0));
            assertEquals(List.of(0L, 1L, 10L, 8L), words(board.ok(0x19, 0x5, 0, 10)));
            assertEquals(42_000_000, there.uart.rate());
        }
        there.platform.close();
    }

    private static List<Long> words(Message message) {
        return IntStream.range(0, message.bytes().length / 4)
                .mapToObj(message::word).toList();
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void what_is_owed_arrives_elsewhere(RingFormat format) {
        Board there = Board.unstarted();
        try (Board board = Board.start(DriverOptions.of(format))) {
            board.ok(0x14, 0x9, 0, 1);
            board.ok(0x14, 0x5, 1, 0, 9_000_000, 0);
            board.ok(0x15, 0x4, 0, 1);
            board.ok(0x15, 0x5, 0, 1, 50_000, 0);
            board.ok(0x15, 0xB, 0, 1);

            board.driver.migrateTo(there.device);
            board.time.close();

            board.post(8, Board.EVENT_BUFFER);
            Board.assertNotification(0x14, 0, board.event());
            there.time.advance(Duration.ofMillis(5));
            assertEquals(2 << 8, board.event().header() & 3 << 8);
            there.temperature.set(60_000);
            there.time.advance(Duration.ofMillis(100));
            Board.assertNotification(0x15, 0, board.event());
            there.time.advance(Duration.ofMillis(1000));
            Board.assertNotification(0x15, 1, board.event());
        }
        there.platform.close();
    }

    @Test
    void a_state_of_another_platform_is_refused_and_changes_nothing() {
        try (Board board = Board.start(DriverOptions.split());
                ScmiPlatform other = new SimulatedPlatform().add(Clock.rates("a", 1, 2)).build()) {
            StateWriter saved = new StateWriter();
            new ScmiDevice(other).save(saved);
            ScmiDevice fresh = new ScmiDevice(board.platform);
            assertThrows(StateException.class, () -> fresh.restore(new StateReader(saved.toByteArray())));
            board.assertGoesOn();
        }
    }
}
