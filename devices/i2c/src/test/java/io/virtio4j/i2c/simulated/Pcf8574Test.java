// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.i2c.simulated;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class Pcf8574Test {

    private final Pcf8574 expander = new Pcf8574();
    private final Controller controller = new Controller(expander);

    @Test
    void all_pins_are_high_inputs_at_first() {
        assertArrayEquals(new int[] {0xFF}, controller.readOn(1));
        expander.drive(0, false);
        expander.drive(7, false);
        assertArrayEquals(new int[] {0x7E}, controller.readOn(1));
        expander.drive(0, true);
        assertArrayEquals(new int[] {0x7F}, controller.readOn(1));
    }

    @Test
    void a_pin_with_latch_0_is_low_whoever_drives_it() {
        List<Integer> latches = new ArrayList<>();
        expander.onLatch(latches::add);
        controller.write(0x0F, 0x0F, 0xF0);
        expander.drive(0, true);

        assertEquals(0xF0, expander.levels());
        assertEquals(0xF0, expander.latch());
        assertEquals(List.of(0x0F, 0xF0), latches);
    }

    @Test
    void int_is_active_while_an_input_is_not_as_it_was() {
        List<Boolean> interrupts = new ArrayList<>();
        expander.onInterrupt(interrupts::add);
        expander.drive(3, false);
        assertTrue(expander.isInterrupting());
        expander.drive(3, true);
        assertFalse(expander.isInterrupting());
        expander.drive(3, false);
        expander.drive(4, false);
        controller.readOn(1);
        assertFalse(expander.isInterrupting());
        expander.drive(3, true);
        controller.write(0xFF);

        assertFalse(expander.isInterrupting());
        assertEquals(List.of(true, false, true, false, true, false), interrupts);
    }

    @Test
    void outputs_do_not_interrupt() {
        controller.write(0);
        expander.drive(1, false);
        expander.drive(1, true);

        assertFalse(expander.isInterrupting());
        assertThrows(IllegalArgumentException.class, () -> expander.drive(8, true));
    }
}
