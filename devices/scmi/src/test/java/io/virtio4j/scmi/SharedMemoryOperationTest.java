// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.scmi;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.virtio4j.core.memory.SharedMemoryRegion;
import io.virtio4j.scmi.protocol.Message;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.conformance.Normative;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** [Device Types / SCMI Device / Device Operation / Shared Memory Operation]. */
class SharedMemoryOperationTest {

    private static final int FIRST_DOMAIN = 16;
    private static final int LEVELS = 16;
    private static final int LEVEL_SIZE = 24;

    private static MemorySegment region(Board board, int id) {
        return board.device.sharedMemory().stream().filter(region -> region.id() == id)
                .findFirst().orElseThrow().segment();
    }

    @Test
    @Normative({"SCMI-15", "SCMI-16"})
    void power_statistics_are_region_1_and_performance_statistics_region_2() {
        try (Board board = Board.start(DriverOptions.split())) {
            assertEquals(List.of(1, 2),
                    board.device.sharedMemory().stream().map(SharedMemoryRegion::id).toList());
            assertEquals(0x504F5752, region(board, 1).get(JAVA_INT_UNALIGNED, 0));
            assertEquals(0x50455246, region(board, 2).get(JAVA_INT_UNALIGNED, 0));
            assertEquals(1, region(board, 2).get(JAVA_SHORT_UNALIGNED, 8), "domains");
            assertNotEquals(null, board.driver.port().sharedMemory(1));
            assertEquals(null, board.driver.port().sharedMemory(3));
        }
    }

    @Test
    @Normative("SCMI-15")
    void attributes_tell_of_statistics_where_shared_memory_was_negotiated() {
        try (Board with = Board.start(DriverOptions.split());
                Board without = Board.start(Board.accepting(ScmiFeature.P2A_CHANNELS))) {
            for (int protocol : new int[] {Board.POWER, Board.PERFORMANCE}) {
                Message attributes = with.ok(protocol, 1);
                assertEquals(16, attributes.bytes().length);
                assertEquals(4096, attributes.word(3));
                assertEquals(0, without.ok(protocol, 1).word(3));
            }
        }
    }

    @Test
    void statistics_tell_how_often_and_how_long_a_level_was_in_use() {
        try (Board board = Board.start(DriverOptions.split())) {
            MemorySegment memory = region(board, 2);
            long domain = memory.get(JAVA_INT_UNALIGNED, FIRST_DOMAIN);
            assertEquals(2, memory.get(JAVA_SHORT_UNALIGNED, domain), "levels");
            assertEquals(500_000, memory.get(JAVA_INT_UNALIGNED, domain + LEVELS));

            board.time.advance(Duration.ofMillis(30));
            board.ok(Board.PERFORMANCE, 0x7, 0, 1_000_000);
            assertEquals(1, memory.get(JAVA_SHORT_UNALIGNED, domain + 2), "level");
            assertEquals(30_000, memory.get(JAVA_LONG_UNALIGNED, domain + LEVELS + 16));
            // Whatever the driver writes there, the device goes on from what it knows.
            memory.fill((byte) 0xFF);
            board.time.advance(Duration.ofMillis(12));
            board.ok(Board.PERFORMANCE, 0x7, 0, 500_000);
            assertEquals(2, memory.get(JAVA_LONG_UNALIGNED, domain + LEVELS + 8), "entered twice");
            assertEquals(30_000, memory.get(JAVA_LONG_UNALIGNED, domain + LEVELS + 16));
            assertEquals(12_000, memory.get(JAVA_LONG_UNALIGNED, domain + LEVELS + LEVEL_SIZE + 16));
            assertEquals(42_000, memory.get(JAVA_LONG_UNALIGNED, domain + 8), "last change");
        }
    }
}
