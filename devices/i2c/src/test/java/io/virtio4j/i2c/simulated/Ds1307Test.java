// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.i2c.simulated;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.testkit.ManualClock;
import java.time.Duration;
import java.time.LocalDateTime;
import org.junit.jupiter.api.Test;

class Ds1307Test {

    private final ManualClock clock = new ManualClock(); // 2026-01-01T00:00:00Z, a Thursday
    private final Ds1307 part = new Ds1307(clock);
    private final Controller controller = new Controller(part);

    @Test
    void shows_the_time_of_its_source_at_first() {
        assertArrayEquals(new int[] {0, 0, 0, 5, 1, 1, 0x26, 0}, controller.read(0, 8));
        clock.advance(Duration.ofSeconds(86_399));
        assertArrayEquals(new int[] {0x59, 0x59, 0x23, 5, 1, 1, 0x26}, controller.read(0, 7));
        clock.advance(Duration.ofSeconds(1));
        assertArrayEquals(new int[] {0, 0, 0, 6, 2, 1, 0x26}, controller.read(0, 7));
    }

    @Test
    void keeps_what_was_written_and_goes_on_from_there() {
        controller.write(0, 0x58, 0x59, 0x23, 7, 0x28, 0x02, 0x28);
        clock.advance(Duration.ofSeconds(2));

        assertEquals(LocalDateTime.of(2028, 2, 29, 0, 0), part.time());
        assertArrayEquals(new int[] {0, 0, 0, 1, 0x29, 2, 0x28}, controller.read(0, 7));
        clock.advance(Duration.ofDays(1));
        assertArrayEquals(new int[] {2, 1, 3}, controller.read(3, 3));
    }

    @Test
    void is_latched_when_it_is_addressed() {
        clock.advance(Duration.ofSeconds(59));
        controller.put(0);
        part.start(true);
        assertEquals(0x59, part.read());
        clock.advance(Duration.ofSeconds(1));
        assertEquals(0, part.read());
        part.stop();
        assertArrayEquals(new int[] {0, 1}, controller.read(0, 2));
    }

    @Test
    void stands_still_while_halted() {
        assertFalse(part.isHalted());
        controller.write(0, 0x80 | 0x30);
        clock.advance(Duration.ofMinutes(3));
        assertTrue(part.isHalted());
        assertArrayEquals(new int[] {0xB0, 0}, controller.read(0, 2));
        controller.write(0, 0x30);
        clock.advance(Duration.ofSeconds(5));

        assertArrayEquals(new int[] {0x35, 0}, controller.read(0, 2));
    }

    @Test
    void counts_twelve_hours_if_told_so() {
        part.set(LocalDateTime.of(2026, 5, 1, 12, 30));
        controller.write(2, 0x40 | 0x20 | 0x12);
        assertEquals(0x72, controller.read(2, 1)[0]);
        clock.advance(Duration.ofHours(1));
        assertEquals(0x61, controller.read(2, 1)[0]);
        clock.advance(Duration.ofHours(11));
        assertEquals(0x52, controller.read(2, 1)[0]);
        clock.advance(Duration.ofHours(11));
        assertEquals(0x51, controller.read(2, 1)[0] & 0x5F | 0x40);
        controller.write(2, 0x40 | 0x20 | 0x11);
        assertEquals(23, part.time().getHour());
        controller.write(2, 0x13);

        assertEquals(0x13, controller.read(2, 1)[0]);
    }

    @Test
    void has_memory_that_wraps_around_with_the_registers() {
        controller.write(62, 0xAA, 0xBB);
        controller.write(8, 0xFF);
        controller.write(7, 0xFF);

        assertEquals(0xBB, part.ram(55));
        assertArrayEquals(new int[] {0xAA, 0xBB, 0}, controller.read(62, 3));
        assertArrayEquals(new int[] {0x93, 0xFF}, controller.read(7, 2));
        assertThrows(IllegalArgumentException.class, () -> part.ram(56));
    }

    @Test
    void values_that_no_clock_shows_carry_over() {
        controller.write(0, 0x00, 0x00, 0x00, 1, 0x31, 0x02, 0x26);
        assertEquals(LocalDateTime.of(2026, 3, 3, 0, 0), part.time());
        for (int register = 0; register < 7; register++) {
            controller.write(register, 0xFF);
            controller.read(0, 8);
        }
    }

    @Test
    void can_be_set_to_its_century_only() {
        assertThrows(IllegalArgumentException.class, () -> part.set(LocalDateTime.of(1999, 1, 1, 0, 0)));
        assertThrows(IllegalArgumentException.class, () -> part.set(LocalDateTime.of(2100, 1, 1, 0, 0)));
    }
}
