// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.pci;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.testkit.conformance.HostileCase;
import io.virtio4j.testkit.conformance.HostileCases;
import io.virtio4j.testkit.conformance.Normative;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** [ISR status capability], and the INTx pin that follows it. */
class InterruptStatusTest {

    private static Machine withoutMsix() {
        Machine machine = Machine.enabled();
        machine.start();
        machine.interrupts.takeLevels();
        return machine;
    }

    @Test
    @Normative({"PCI-39", "PCI-40", "PCI-41"})
    void used_buffers_assert_the_pin_until_isr_status_is_read() {
        try (Machine machine = withoutMsix()) {
            assertFalse(machine.isInterruptStatusSet());

            machine.exchange(0, 1);
            assertEquals(List.of(true), machine.interrupts.takeLevels());
            assertTrue(machine.pci.isIntxAsserted());
            assertTrue(machine.isInterruptStatusSet());

            machine.exchange(1, 2);
            assertEquals(List.of(), machine.interrupts.takeLevels(), "is asserted already");

            assertEquals(1, machine.isr());
            assertEquals(List.of(false), machine.interrupts.takeLevels());
            assertFalse(machine.isInterruptStatusSet());
            assertEquals(0, machine.isr());
        }
    }

    @Test
    @Normative({"PCI-38", "PCI-40", "PCI-X21"})
    void one_interrupt_can_stand_for_both_events() {
        try (Machine machine = withoutMsix()) {
            machine.loop.change(1);
            assertTrue(machine.isInterruptStatusSet());
            machine.exchange(0, 1);

            assertEquals(List.of(true), machine.interrupts.takeLevels());
            assertEquals(3, machine.isr());
            assertEquals(List.of(false), machine.interrupts.takeLevels());
        }
    }

    @Test
    @Normative("PCI-38")
    void configuration_bit_is_set_before_the_message_is_sent() {
        List<Integer> seen = new ArrayList<>();
        try (Machine machine = Machine.running()) {
            machine.interrupts.onMessage = () -> seen.add(machine.isr());
            machine.loop.change(1);

            assertEquals(List.of(2), seen);
        }
    }

    @Test
    @Normative({"PCI-38", "PCI-39"})
    void bits_are_set_before_the_pin_is_asserted() {
        List<Integer> seen = new ArrayList<>();
        try (Machine machine = withoutMsix()) {
            machine.interrupts.onAsserted = () -> seen.add(machine.isr());
            machine.exchange(0, 1);
            assertEquals(List.of(1), seen);
            assertFalse(machine.pci.isIntxAsserted(), "the handler's read takes it back");

            machine.loop.change(1);
            assertEquals(List.of(1, 2), seen);
            assertEquals(List.of(true, false, true, false), machine.interrupts.takeLevels());
        }
    }

    @Test
    @Normative("PCI-40")
    void interrupt_disable_takes_the_pin_back_and_not_the_status() {
        try (Machine machine = withoutMsix()) {
            machine.exchange(0, 1);
            machine.set(PciHeader.INTERRUPT_DISABLE);
            assertEquals(List.of(true, false), machine.interrupts.takeLevels());
            assertTrue(machine.isInterruptStatusSet());

            machine.clear(PciHeader.INTERRUPT_DISABLE);
            assertEquals(List.of(true), machine.interrupts.takeLevels());

            machine.set(PciHeader.INTERRUPT_DISABLE);
            assertEquals(1, machine.isr());
            machine.clear(PciHeader.INTERRUPT_DISABLE);
            assertEquals(List.of(false), machine.interrupts.takeLevels());
        }
    }

    @Test
    @Normative({"PCI-38", "PCI-40"})
    void msix_replaces_the_pin() {
        try (Machine machine = Machine.running()) {
            machine.loop.change(1);
            machine.exchange(0, 1);

            assertEquals(List.of(), machine.interrupts.takeLevels());
            assertEquals(List.of(0, 1), machine.interrupts.takeVectors());
            assertFalse(machine.isInterruptStatusSet());
            assertEquals(2, machine.isr(), "the queue bit is for the pin");
        }
    }

    @Test
    void switching_msix_off_shows_what_is_left() {
        try (Machine machine = Machine.running()) {
            machine.loop.change(1);

            machine.msixControl(0);
            assertEquals(List.of(true), machine.interrupts.takeLevels());
            machine.msixControl(MsixCapability.ENABLE);
            assertEquals(List.of(false), machine.interrupts.takeLevels());
        }
    }

    @Test
    void function_without_a_pin_still_has_the_status() {
        try (Machine machine = new Machine(new LoopDevice(), from -> from.interruptPin(0)).enable()) {
            assertFalse(machine.pci.hasIntx());
            assertEquals(0, machine.config(0x3D, 1));
            machine.start();
            machine.exchange(0, 1);

            assertEquals(List.of(), machine.interrupts.takeLevels());
            assertTrue(machine.isInterruptStatusSet());
            assertEquals(1, machine.isr());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4})
    void any_pin_can_be_used(int pin) {
        try (Machine machine = new Machine(new LoopDevice(), from -> from.interruptPin(pin))) {
            assertEquals(pin, machine.config(0x3D, 1));
            assertTrue(machine.pci.hasIntx());
        }
    }

    @Test
    @Normative("PCI-41")
    void reset_clears_the_status_and_the_pin() {
        try (Machine machine = withoutMsix()) {
            machine.exchange(0, 1);
            machine.status(0);
            assertEquals(List.of(true, false), machine.interrupts.takeLevels());
            assertEquals(0, machine.isr());
        }
    }

    @Test
    @HostileCase("PC-6")
    void wrong_accesses_neither_read_nor_clear() {
        try (Machine machine = withoutMsix()) {
            machine.exchange(0, 1);
            for (int width : new int[] {2, 3, 4, 8}) {
                assertEquals(0, machine.read(4, Machine.ISR, width));
            }
            assertEquals(0, machine.read(4, Machine.ISR + 1, 1));
            machine.write(4, Machine.ISR, 1, 0);
            machine.write(4, Machine.ISR, 1, 0xFF);
            HostileCases.count("PC-6", 7);

            assertTrue(machine.pci.isIntxAsserted());
            assertEquals(1, machine.isr());
        }
    }
}
