// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.sound;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.virtio4j.sound.pcm.PcmRate;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Frames and time. */
class PacerTest {

    private static final long HOUR = 3_600 * Pacer.SECOND;

    @ParameterizedTest
    @EnumSource(PcmRate.class)
    void a_frame_is_due_at_its_time_and_not_before(PcmRate rate) {
        Pacer pacer = new Pacer();
        long start = Long.MAX_VALUE - HOUR; // the clock may overflow meanwhile
        pacer.start(start, rate.hertz(), 77);
        assertEquals(77, pacer.due(start));
        long frame = 77;
        for (int i = 0; i < 10_000; i++) {
            frame += 1 + i % 1000;
            long time = pacer.timeOf(frame);
            assertEquals(frame - 1, pacer.due(time - 1));
            assertEquals(frame, pacer.due(time));
        }
    }

    @ParameterizedTest
    @EnumSource(PcmRate.class)
    void nothing_is_lost_in_days(PcmRate rate) {
        Pacer pacer = new Pacer();
        pacer.start(-5, rate.hertz(), 0);
        assertEquals(72L * 3_600 * rate.hertz(), pacer.due(72 * HOUR - 5));
        for (int i = 1; i <= 10_000; i++) {
            pacer.due(72 * HOUR - 5 + i * 333_333_333L);
        }
        assertEquals(73L * 3_600 * rate.hertz(), pacer.due(73 * HOUR - 5));
    }
}
