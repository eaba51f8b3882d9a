// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.balloon;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.memory.PageRelease;
import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.ManualClock;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.conformance.Normative;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** [Memory Balloon Device / Memory Statistics] */
class MemoryStatisticsTest {

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void a_buffer_is_held_until_statistics_are_wanted(RingFormat format) {
        try (Balloon balloon = Balloon.start(PageRelease.NONE, DriverOptions.of(format))) {
            assertTrue(balloon.device.statistics().isEmpty());
            Submitted first = balloon.supply(Balloon.statistics(4, 1000, 5, 2000));
            assertFalse(balloon.isReturned(first));
            BalloonStatistics found = balloon.device.statistics().orElseThrow();
            assertEquals(Map.of(BalloonStatistic.MEMFREE, 1000L, BalloonStatistic.MEMTOT, 2000L), found.values());
            assertTrue(found.get(BalloonStatistic.AVAIL).isEmpty());

            balloon.device.askForStatistics();

            assertTrue(balloon.isReturned(first));
            assertEquals(0, first.usedLength());
            Submitted second = balloon.supply(Balloon.statistics(4, 900));
            assertFalse(balloon.isReturned(second));
            assertEquals(900, balloon.device.statistics().orElseThrow().get(BalloonStatistic.MEMFREE).orElseThrow());
            assertEquals(2, balloon.count(BalloonCounter.STATISTICS));
        }
    }

    @Test
    @Normative({"BLN-4", "BLN-5"})
    void entries_come_in_any_order_and_unknown_ones_are_ignored() {
        try (Balloon balloon = Balloon.start(PageRelease.NONE, DriverOptions.split())) {
            long[] entries = new long[2 * 21];
            for (int i = 0; i < 21; i++) {
                int tag = (i * 8 + 3) % 21; // 16 and above are of the future
                entries[2 * i] = tag;
                entries[2 * i + 1] = tag * 11L;
            }
            entries[0] = 0xFFFF;
            balloon.supply(Balloon.statistics(entries));
            BalloonStatistics found = balloon.device.statistics().orElseThrow();
            assertEquals(15, found.values().size(), "all but number 3, which was overwritten");
            for (BalloonStatistic statistic : BalloonStatistic.values()) {
                if (statistic.tag() != 3) {
                    assertEquals(statistic.tag() * 11L, found.get(statistic).orElseThrow(), statistic.toString());
                }
            }
        }
    }

    @Test
    void listeners_learn_of_all_statistics() {
        List<Long> heard = new ArrayList<>();
        try (Balloon balloon = Balloon.start(PageRelease.NONE, DriverOptions.split())) {
            balloon.device.onStatistics(now -> heard.add(now.get(BalloonStatistic.AVAIL).orElseThrow()));
            for (long value = 1; value <= 5; value++) {
                balloon.supply(Balloon.statistics(6, value));
                balloon.device.askForStatistics();
                balloon.driver.runDevice();
                balloon.driver.queue(Balloon.STATSQ).collect();
            }
        }
        assertEquals(List.of(1L, 2L, 3L, 4L, 5L), heard);
    }

    @Test
    void statistics_are_asked_for_at_an_interval_and_not_twice() {
        ManualClock clock = new ManualClock();
        BalloonDevice device =
                BalloonDevice.of(PageRelease.NONE).statisticsEvery(Duration.ofSeconds(5)).clock(clock).build();
        try (Balloon balloon = Balloon.start(device, DriverOptions.split())) {
            Submitted first = balloon.supply(Balloon.statistics(0, 1));
            clock.advance(Duration.ofMillis(4_999));
            assertFalse(balloon.isReturned(first));
            clock.advance(Duration.ofMillis(1));
            assertTrue(balloon.isReturned(first));
            clock.advance(Duration.ofSeconds(60)); // a driver that is slow
            Submitted late = balloon.supply(Balloon.statistics(0, 2));
            assertFalse(balloon.isReturned(late), "what was asked for meanwhile, it has just sent");
            assertEquals(clock.nanoTime(), device.statistics().orElseThrow().nanoTime());
            clock.advance(Duration.ofSeconds(5));
            assertTrue(balloon.isReturned(late));

            balloon.driver.reset();
            clock.advance(Duration.ofSeconds(60));
            assertEquals(0, clock.waiting(), "nobody is there to be asked");
            balloon.begin(DriverOptions.split());
            Submitted again = balloon.supply(Balloon.statistics(0, 3));
            clock.advance(Duration.ofSeconds(5));
            assertTrue(balloon.isReturned(again));
        }
    }

    @Test
    void nobody_is_asked_without_the_feature() {
        ManualClock clock = new ManualClock();
        BalloonDevice device =
                BalloonDevice.of(PageRelease.NONE).statisticsEvery(Duration.ofSeconds(5)).clock(clock).build();
        try (Balloon balloon = Balloon.attach(device)) {
            balloon.driver.start(DriverOptions.split().without(BalloonFeature.STATS_VQ));
            assertEquals(0, clock.waiting());
            device.askForStatistics();
        }
    }
}
