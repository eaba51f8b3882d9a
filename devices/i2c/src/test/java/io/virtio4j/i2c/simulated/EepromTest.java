// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.i2c.simulated;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.testkit.ManualClock;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class EepromTest {

    private static final Duration WRITE_TIME = Duration.ofMillis(5);

    private final ManualClock clock = new ManualClock();
    private final Eeprom eeprom = new Eeprom(256, 8, WRITE_TIME, clock.nanoTimeSource());
    private final Controller controller = new Controller(eeprom);

    private void waitForWrite() {
        clock.advance(WRITE_TIME);
    }

    @Test
    void is_erased_at_first() {
        assertArrayEquals(new int[] {0xFF, 0xFF}, controller.read(0x80, 2));
    }

    @Test
    void a_write_is_there_after_its_time_and_until_then_nothing_is_acknowledged() {
        assertTrue(controller.write(0x10, 1, 2, 3));
        assertTrue(eeprom.isBusy());
        assertFalse(eeprom.start(false));
        assertFalse(eeprom.start(true));
        clock.advance(WRITE_TIME.minusNanos(1));
        assertFalse(eeprom.start(false));
        clock.advance(Duration.ofNanos(1));

        assertFalse(eeprom.isBusy());
        assertArrayEquals(new int[] {1, 2, 3, 0xFF}, controller.read(0x10, 4));
    }

    @Test
    void a_page_write_stays_in_its_page() {
        controller.write(0x16, 1, 2, 3, 4);
        waitForWrite();

        assertArrayEquals(new int[] {3, 4, 0xFF, 0xFF, 0xFF, 0xFF, 1, 2, 0xFF}, controller.read(0x10, 9));
    }

    @Test
    void of_more_than_a_page_the_last_bytes_stay() {
        controller.write(0x20, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9);
        waitForWrite();

        assertArrayEquals(new int[] {8, 9, 2, 3, 4, 5, 6, 7}, controller.read(0x20, 8));
    }

    @Test
    void reads_go_on_and_begin_again_at_the_end() {
        eeprom.program(0xFE, (byte) 7, (byte) 8);
        eeprom.program(0, (byte) 9);

        assertArrayEquals(new int[] {7, 8, 9}, controller.read(0xFE, 3));
        assertArrayEquals(new int[] {0xFF}, controller.readOn(1));
    }

    @Test
    void without_stop_nothing_is_written() {
        controller.put(0x10, 1);
        assertArrayEquals(new int[] {0xFF}, controller.read(0x10, 1));

        assertFalse(eeprom.isBusy());
    }

    @Test
    void an_address_alone_takes_no_time() {
        controller.write(0x10);

        assertFalse(eeprom.isBusy());
    }

    @Test
    void a_protected_one_refuses_data() {
        eeprom.writeProtect(true);

        assertTrue(controller.write(0x10));
        assertFalse(controller.write(0x10, 1));
        assertFalse(eeprom.isBusy());
        assertEquals((byte) 0xFF, eeprom.content()[0x10]);
    }

    @Test
    void large_ones_take_two_address_bytes() {
        Eeprom large = new Eeprom(32 << 10, 64, WRITE_TIME, clock.nanoTimeSource());
        Controller bus = new Controller(large);
        bus.write(0x12, 0x34, 5, 6);
        waitForWrite();

        assertEquals(5, large.content()[0x1234]);
        bus.put(0x12, 0x35);
        assertArrayEquals(new int[] {6}, bus.readOn(1));
        // The highest address bit is not connected.
        bus.put(0x92, 0x34);
        assertArrayEquals(new int[] {5}, bus.readOn(1));
    }

    @Test
    void sizes_that_no_part_has_are_refused() {
        assertThrows(IllegalArgumentException.class, () -> new Eeprom(100, 8, WRITE_TIME, () -> 0));
        assertThrows(IllegalArgumentException.class, () -> new Eeprom(256, 512, WRITE_TIME, () -> 0));
        assertThrows(IllegalArgumentException.class, () -> new Eeprom(1 << 17, 8, WRITE_TIME, () -> 0));
        assertThrows(IllegalArgumentException.class, () -> new Eeprom(256, 8, Duration.ofMillis(-1), () -> 0));
        assertThrows(IllegalArgumentException.class, () -> eeprom.program(250, new byte[7]));
        assertEquals(256, Eeprom.at24c02().content().length);
        assertEquals(32768, Eeprom.at24c256().content().length);
    }
}
