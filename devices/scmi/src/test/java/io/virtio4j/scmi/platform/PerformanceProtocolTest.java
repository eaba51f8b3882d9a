// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.scmi.platform;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.scmi.protocol.ManualPlatformClock;
import io.virtio4j.scmi.protocol.Message;
import io.virtio4j.scmi.protocol.ScmiPlatform;
import io.virtio4j.scmi.protocol.ScmiStatus;
import io.virtio4j.scmi.protocol.TestAgent;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** [DEN0056: Performance domain management protocol]. */
class PerformanceProtocolTest {

    private static final int PERFORMANCE = 0x13;
    private static final int LEVELS = 20;

    /** Twenty levels of 100 MHz each: too many for a message. */
    private final PerformanceDomain cpu = PerformanceDomain.of("cpu",
            IntStream.rangeClosed(1, LEVELS)
                    .mapToObj(i -> new PerformanceLevel(i * 100_000, i * 1_000, i * 100_000))
                    .toArray(PerformanceLevel[]::new)).sustains(1_500_000);
    private final ScmiPlatform platform = new SimulatedPlatform().clock(new ManualPlatformClock())
            .agent("linux").agent("modem").add(cpu).build();
    private final TestAgent linux = TestAgent.of(platform, 1);
    private final TestAgent modem = TestAgent.of(platform, 2);

    @Test
    void tells_of_domains() {
        assertEquals(0x40000, linux.ok(PERFORMANCE, 0).word(0));
        assertEquals(1, linux.ok(PERFORMANCE, 1).half(0));
        assertEquals(2, linux.ok(PERFORMANCE, 1).half(2), "power in microwatts");
        Message attributes = linux.ok(PERFORMANCE, 3, 0);
        assertEquals(32, attributes.bytes().length);
        assertEquals(0xF000_0000L, attributes.word(0));
        assertEquals(1_500_000, attributes.word(2));
        assertEquals(1_500_000, attributes.word(3));
        assertEquals("cpu", attributes.name(16, 16));
        assertEquals("cpu", linux.ok(PERFORMANCE, 0xC, 0).name(4, 64));
    }

    @Test
    void levels_come_in_parts() {
        int seen = 0;
        int parts = 0;
        while (seen < LEVELS) {
            Message part = linux.ok(PERFORMANCE, 4, 0, seen);
            int count = (int) part.word(0) & 0xFFF;
            assertEquals(LEVELS - seen - count, part.word(0) >> 16);
            assertEquals(4 + count * 20, part.bytes().length);
            for (int i = 0; i < count; i++) {
                seen++;
                assertEquals(seen * 100_000L, part.word(1 + 5 * i));
                assertEquals(seen * 1_000L, part.word(2 + 5 * i));
                assertEquals(seen * 100_000L, part.word(4 + 5 * i));
            }
            parts++;
        }
        assertEquals(4, parts);
        linux.refused(ScmiStatus.OUT_OF_RANGE, PERFORMANCE, 4, 0, LEVELS);
        assertEquals(ScmiStatus.PROTOCOL_ERROR.code(),
                linux.sendWithRoom(23, PERFORMANCE, 4, 0, 0).status(), "not even one fits");
    }

    @Test
    void a_level_is_set_within_limits() {
        modem.ok(PERFORMANCE, 0xA, 0, 1);
        linux.ok(PERFORMANCE, 7, 0, 300_000);
        assertEquals(300_000, cpu.level());
        assertEquals(300_000, linux.ok(PERFORMANCE, 8, 0).word(0));
        assertEquals(List.of(TestAgent.notification(PERFORMANCE, 1, 1, 0, 300_000)), modem.events());
        linux.refused(ScmiStatus.OUT_OF_RANGE, PERFORMANCE, 7, 0, 350_000);
        linux.refused(ScmiStatus.OUT_OF_RANGE, PERFORMANCE, 7, 0, 0xFFFF_FFFFL);
        linux.ok(PERFORMANCE, 5, 0, 200_000, 100_000);
        assertEquals(200_000, cpu.level(), "it follows the limits");
        linux.refused(ScmiStatus.OUT_OF_RANGE, PERFORMANCE, 7, 0, 300_000);
    }

    @Test
    void limits_are_set_together_or_each_alone() {
        modem.ok(PERFORMANCE, 9, 0, 1);
        linux.ok(PERFORMANCE, 5, 0, 900_000, 500_000);
        assertEquals(500_000, cpu.lowestLevel());
        assertEquals(900_000, cpu.highestLevel());
        assertEquals(List.of(TestAgent.notification(PERFORMANCE, 0, 1, 0, 900_000, 500_000)), modem.events());
        linux.ok(PERFORMANCE, 5, 0, 0, 600_000);
        Message limits = linux.ok(PERFORMANCE, 6, 0);
        assertEquals(900_000, limits.word(0));
        assertEquals(600_000, limits.word(1));
        linux.ok(PERFORMANCE, 5, 0, 700_000, 0);
        linux.refused(ScmiStatus.INVALID_PARAMETERS, PERFORMANCE, 5, 0, 0, 0);
        linux.refused(ScmiStatus.INVALID_PARAMETERS, PERFORMANCE, 5, 0, 500_000, 600_000);
        linux.refused(ScmiStatus.OUT_OF_RANGE, PERFORMANCE, 5, 0, 5, 0);
        linux.ok(0x10, 0xB, 1, 0);
        assertEquals(2_000_000, cpu.highestLevel());
    }

    @Test
    void the_hardware_can_limit_itself() {
        linux.ok(PERFORMANCE, 9, 0, 1);
        cpu.limit(100_000, 1_000_000);
        assertEquals(List.of(TestAgent.notification(PERFORMANCE, 0, 0, 0, 1_000_000, 100_000)), linux.events());
        assertThrows(IllegalArgumentException.class, () -> cpu.limit(2, 3));
    }

    @Test
    void there_are_no_fast_channels() {
        for (int message = 5; message <= 8; message++) {
            assertEquals(0, linux.ok(PERFORMANCE, 2, message).word(0));
            linux.refused(ScmiStatus.NOT_SUPPORTED, PERFORMANCE, 0xB, 0, message);
        }
        assertTrue(linux.has(PERFORMANCE, 0xB));
    }

    @Test
    void levels_differ() {
        PerformanceLevel one = new PerformanceLevel(1, 1, 1);
        assertThrows(IllegalArgumentException.class, () -> PerformanceDomain.of("cpu"));
        assertThrows(IllegalArgumentException.class, () -> PerformanceDomain.of("cpu", one, one));
        assertThrows(IllegalArgumentException.class, () -> new PerformanceLevel(0, 1, 1));
    }
}
