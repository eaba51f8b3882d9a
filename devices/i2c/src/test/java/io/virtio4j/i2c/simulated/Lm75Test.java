// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.i2c.simulated;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.testkit.ManualClock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class Lm75Test {

    private static final Duration CONVERSION = Duration.ofMillis(100);

    private final ManualClock clock = new ManualClock();
    private double celsius = 20;
    private final Lm75 sensor = sensor(9);
    private final Controller controller = new Controller(sensor);

    private Lm75 sensor(int bits) {
        return new Lm75(() -> celsius, bits, CONVERSION, clock.nanoTimeSource());
    }

    private void pass(int conversions) {
        clock.advance(CONVERSION.multipliedBy(conversions));
    }

    private boolean alertAt(double temperature) {
        celsius = temperature;
        pass(1);
        return sensor.isAlerting();
    }

    // ── Temperature ────────────────────────────────────────────────────────

    /** The table of the data sheet, and the limits of the part. */
    @ParameterizedTest
    @CsvSource({"125, 0x7D00", "25, 0x1900", "0.5, 0x0080", "0.4, 0x0000", "0, 0x0000", "-0.5, 0xFF80",
        "-0.1, 0xFF80", "-25, 0xE700", "-55, 0xC900", "200, 0x7D00", "-100, 0xC900"})
    void nine_bits_are_half_degrees(double temperature, String register) {
        celsius = temperature;
        int expected = Integer.decode(register);

        assertArrayEquals(new int[] {expected >> 8, expected & 0xFF}, controller.read(0, 2));
    }

    @Test
    void more_bits_are_finer() {
        celsius = 21.3125;
        assertArrayEquals(new int[] {0x15, 0x40}, new Controller(sensor(11)).read(0, 2));
        assertArrayEquals(new int[] {0x15, 0x50}, new Controller(sensor(12)).read(0, 2));
    }

    @Test
    void the_register_changes_with_a_conversion_only() {
        assertEquals(20, controller.read(0, 2)[0]);
        celsius = 30;
        clock.advance(CONVERSION.minusNanos(1));
        assertEquals(20, controller.read(0, 2)[0]);
        clock.advance(Duration.ofNanos(1));
        assertEquals(30, controller.read(0, 2)[0]);
    }

    @Test
    void a_sensor_that_is_shut_down_keeps_its_temperature() {
        controller.read(0, 2);
        controller.write(1, 1);
        celsius = 30;
        pass(5);
        assertEquals(20, controller.read(0, 2)[0]);
        controller.write(1, 0);
        pass(1);
        assertEquals(30, controller.read(0, 2)[0]);
    }

    // ── Registers ──────────────────────────────────────────────────────────

    @Test
    void limits_are_those_of_the_data_sheet_at_first_and_can_be_set() {
        assertArrayEquals(new int[] {75, 0}, controller.read(2, 2));
        assertArrayEquals(new int[] {80, 0}, controller.read(3, 2));
        assertArrayEquals(new int[] {0}, controller.read(1, 1));
        controller.write(3, 0x1E, 0xFF);
        controller.write(2, 0x1D);
        controller.write(1, 0xFF);
        controller.write(0, 0x55, 0x55);

        assertArrayEquals(new int[] {0x1E, 0x80}, controller.read(3, 2));
        assertArrayEquals(new int[] {0x1D, 0}, controller.read(2, 2));
        assertArrayEquals(new int[] {0x1F}, controller.read(1, 1));
        assertEquals(20, controller.read(0, 2)[0]);
    }

    @Test
    void the_pointer_stays() {
        controller.write(2);
        assertArrayEquals(new int[] {75, 0}, controller.readOn(2));
        assertArrayEquals(new int[] {75, 0}, controller.readOn(2));
    }

    // ── Thermostat ─────────────────────────────────────────────────────────

    @Test
    void as_comparator_the_output_follows_with_hysteresis() {
        assertFalse(alertAt(80));
        assertTrue(alertAt(80.5));
        assertTrue(alertAt(76));
        assertTrue(alertAt(75));
        assertFalse(alertAt(74.5));
        assertFalse(alertAt(79));
        controller.read(0, 2);
        assertTrue(alertAt(90));
        controller.read(0, 2);
        assertTrue(sensor.isAlerting());
    }

    @Test
    void the_fault_queue_wants_so_many_in_a_row() {
        controller.write(1, 0x10); // 4 faults
        sensor.isAlerting();
        for (int i = 0; i < 3; i++) {
            assertFalse(alertAt(90));
        }
        assertFalse(alertAt(70));
        celsius = 90;
        pass(3);
        assertFalse(sensor.isAlerting());
        pass(1);
        assertTrue(sensor.isAlerting());
    }

    @Test
    void in_interrupt_mode_reading_ends_an_alert_and_the_other_limit_gives_the_next() {
        controller.write(1, 2);
        assertTrue(alertAt(81));
        controller.read(0, 2);
        assertFalse(sensor.isAlerting());
        assertFalse(alertAt(90));
        assertFalse(alertAt(76));
        assertTrue(alertAt(74));
        controller.read(1, 1);
        assertFalse(alertAt(60));
        assertTrue(alertAt(81));
        // Leaving the mode begins anew.
        controller.write(1, 0);
        assertFalse(sensor.isAlerting());
    }

    @Test
    void the_pin_is_active_low_unless_told_otherwise() {
        List<Boolean> levels = new ArrayList<>();
        sensor.onPin(levels::add);
        assertTrue(sensor.pin());
        alertAt(90);
        assertFalse(sensor.pin());
        controller.write(1, 4);
        assertTrue(sensor.pin());
        alertAt(20);
        assertFalse(sensor.pin());

        assertEquals(List.of(false, true, false), levels);
    }

    @Test
    void what_no_sensor_has_is_refused() {
        assertThrows(IllegalArgumentException.class, () -> sensor(8));
        assertThrows(IllegalArgumentException.class, () -> sensor(13));
        assertThrows(IllegalArgumentException.class, () -> new Lm75(() -> 0, 9, Duration.ZERO, () -> 0));
    }
}
