// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.scmi.platform;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.virtio4j.scmi.protocol.ManualPlatformClock;
import io.virtio4j.scmi.protocol.Message;
import io.virtio4j.scmi.protocol.ScmiPlatform;
import io.virtio4j.scmi.protocol.ScmiStatus;
import io.virtio4j.scmi.protocol.TestAgent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** [DEN0056: Voltage domain management protocol]. */
class VoltageProtocolTest {

    private static final int VOLTAGE = 0x17;

    private final VoltageDomain levels = VoltageDomain.levels("levels",
            IntStream.rangeClosed(-10, 40).map(i -> i * 100_000).toArray()).latency(Duration.ofMillis(1));
    private final VoltageDomain range = VoltageDomain.range("a-range-with-a-long-name", 500_000, 1_500_000, 12_500)
            .off();
    private final ManualPlatformClock time = new ManualPlatformClock();
    private final ScmiPlatform platform =
            new SimulatedPlatform().clock(time).agent("linux").add(levels).add(range).build();
    private final TestAgent linux = TestAgent.of(platform);

    @Test
    void tells_of_domains() {
        assertEquals(0x20000, linux.ok(VOLTAGE, 0).word(0));
        assertEquals(2, linux.ok(VOLTAGE, 1).word(0));
        assertEquals(0x8000_0000L, linux.ok(VOLTAGE, 3, 0).word(0));
        assertEquals("levels", linux.ok(VOLTAGE, 3, 0).name(4, 16));
        assertEquals(0xC000_0000L, linux.ok(VOLTAGE, 3, 1).word(0));
        assertEquals("a-range-with-a-long-name", linux.ok(VOLTAGE, 9, 1).name(4, 64));
    }

    @Test
    void levels_come_in_parts_and_may_be_negative() {
        List<Integer> all = new ArrayList<>();
        while (all.size() < 51) {
            Message part = linux.ok(VOLTAGE, 4, 0, all.size());
            int count = (int) part.word(0) & 0xFFF;
            assertEquals(51 - all.size() - count, part.word(0) >> 16);
            for (int i = 0; i < count; i++) {
                all.add((int) part.word(1 + i));
            }
        }
        assertEquals(-1_000_000, all.getFirst());
        assertEquals(4_000_000, all.getLast());
        linux.refused(ScmiStatus.OUT_OF_RANGE, VOLTAGE, 4, 0, 51);
    }

    @Test
    void a_range_is_described_by_three_values() {
        Message described = linux.ok(VOLTAGE, 4, 1, 0);
        assertEquals(1 << 12 | 3, described.word(0));
        assertEquals(List.of(500_000L, 1_500_000L, 12_500L),
                List.of(described.word(1), described.word(2), described.word(3)));
        linux.refused(ScmiStatus.OUT_OF_RANGE, VOLTAGE, 4, 1, 1);
        assertEquals(ScmiStatus.PROTOCOL_ERROR.code(), linux.sendWithRoom(12, VOLTAGE, 4, 1, 0).status());
    }

    @Test
    void a_level_is_set_at_once_or_later() {
        linux.ok(VOLTAGE, 7, 0, 0, 1_200_000);
        assertEquals(1_200_000, levels.level());
        linux.ok(VOLTAGE, 7, 0, 1, -300_000);
        time.advance(Duration.ofMillis(1));
        assertEquals(List.of(TestAgent.delayed(VOLTAGE, 7, 0, 0, -300_000 & 0xFFFF_FFFFL)), linux.events());
        assertEquals(-300_000, (int) linux.ok(VOLTAGE, 8, 0).word(0));
        linux.refused(ScmiStatus.OUT_OF_RANGE, VOLTAGE, 7, 0, 0, 5_000_000);
        linux.refused(ScmiStatus.INVALID_PARAMETERS, VOLTAGE, 7, 0, 0, 1_250_000);
        linux.refused(ScmiStatus.INVALID_PARAMETERS, VOLTAGE, 7, 0, 2, 1_200_000);
        linux.refused(ScmiStatus.INVALID_PARAMETERS, VOLTAGE, 7, 1, 0, 500_001);
        linux.ok(VOLTAGE, 7, 1, 0, 512_500);
    }

    @Test
    void a_domain_is_switched() {
        assertEquals(7, linux.ok(VOLTAGE, 6, 0).word(0));
        linux.ok(VOLTAGE, 5, 0, 0);
        assertFalse(levels.isOn());
        assertEquals(0, linux.ok(VOLTAGE, 6, 1).word(0));
        linux.ok(VOLTAGE, 5, 1, 7);
        assertEquals(7, linux.ok(VOLTAGE, 6, 1).word(0));
        linux.refused(ScmiStatus.INVALID_PARAMETERS, VOLTAGE, 5, 0, 1);
        linux.refused(ScmiStatus.INVALID_PARAMETERS, VOLTAGE, 5, 0, 15);
    }

    @Test
    void bad_domains_are_refused_at_construction() {
        assertThrows(IllegalArgumentException.class, () -> VoltageDomain.levels("v"));
        assertThrows(IllegalArgumentException.class, () -> VoltageDomain.range("v", 0, 10, 3));
        assertThrows(IllegalArgumentException.class, () -> VoltageDomain.levels("v", 1).initially(2));
    }
}
