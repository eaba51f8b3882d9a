// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.pci;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.testkit.conformance.Normative;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The function is reset by its bus, by function level reset, or on its way back from D3hot. [PCI] */
@Normative("PCI-1")
class ResetTest {

    private static void power(Machine machine, int state) {
        machine.config(machine.capability(CapabilityList.POWER_MANAGEMENT) + 4, 2, state);
    }

    private static int power(Machine machine) {
        return (int) machine.config(machine.capability(CapabilityList.POWER_MANAGEMENT) + 4, 2) & 3;
    }

    private static void functionLevelReset(Machine machine, int offset, int width, long value) {
        machine.config(machine.capability(CapabilityList.PCI_EXPRESS) + offset, width, value);
    }

    static Stream<Named<Consumer<Machine>>> resets() {
        return Stream.of(
                Named.of("bus", machine -> machine.bus.reset()),
                Named.of("function level, 16 bits", machine -> functionLevelReset(machine, 8, 2, 0x8000)),
                Named.of("function level, 32 bits", machine -> functionLevelReset(machine, 8, 4, 0xA810)),
                Named.of("function level, 8 bits", machine -> functionLevelReset(machine, 9, 1, 0x80)),
                Named.of("D3hot to D0", machine -> {
                    power(machine, 3);
                    power(machine, 0);
                }),
                Named.of("function level, in D3hot", machine -> {
                    power(machine, 3);
                    functionLevelReset(machine, 8, 2, 0x8000);
                }));
    }

    @ParameterizedTest
    @MethodSource("resets")
    void everything_is_as_new(Consumer<Machine> reset) {
        byte[] fresh;
        try (Machine machine = new Machine()) {
            fresh = machine.pci.save();
        }
        try (Machine machine = Machine.running()) {
            machine.exchange(0, 1);
            machine.loop.change(1);
            machine.mask(1, true);
            machine.exchange(0, 2);
            machine.config(0x3C, 1, 0x55);
            machine.common(CommonField.DEVICE_FEATURE_SELECT, 1);

            reset.accept(machine);

            assertEquals(0, machine.device.status());
            assertEquals(0, machine.command());
            assertEquals(OptionalLong.empty(), machine.pci.barAddress(4));
            assertEquals(0, machine.config(0x20, 4) & ~0xFL);
            assertFalse(machine.pci.isMsixEnabled());
            assertFalse(machine.pci.isIntxAsserted());
            assertFalse(machine.isInterruptStatusSet());
            assertEquals(0, power(machine));
            assertEquals(fresh.length, machine.pci.save().length);

            machine.interrupts.takeMessages();
            machine.enable().enableMsix();
            assertEquals(List.of(), machine.interrupts.takeMessages(), "nothing is pending");
            machine.start();
            machine.exchange(0, 3);
            assertEquals(List.of(1), machine.interrupts.takeVectors());
        }
    }

    @Test
    void bit_of_function_level_reset_reads_0() {
        try (Machine machine = new Machine()) {
            int at = machine.capability(CapabilityList.PCI_EXPRESS) + 8;
            machine.config(at, 2, 0x8000 | 0x0810);
            assertEquals(0x2810, machine.config(at, 2), "the other bits are reset too");
        }
    }

    @Test
    void pin_is_taken_back() {
        try (Machine machine = Machine.enabled()) {
            machine.start();
            machine.exchange(0, 1);
            machine.pci.reset();
            assertEquals(List.of(true, false), machine.interrupts.takeLevels());
        }
    }

    @Test
    void in_d3hot_there_is_configuration_space_and_nothing_else() {
        try (Machine machine = Machine.enabled()) {
            machine.start();
            power(machine, 3);
            assertEquals(3, power(machine));
            assertEquals(0x1AF4, machine.config(0, 2));
            assertEquals(OptionalLong.empty(), machine.pci.barAddress(4));
            assertEquals(0xFFFF, machine.common(CommonField.NUM_QUEUES));
            int window = machine.virtioCapability(VirtioCapability.PCI_CFG);
            machine.config(window + 4, 1, 4);
            machine.config(window + 8, 4, CommonField.NUM_QUEUES.offset());
            machine.config(window + 12, 4, 2);
            assertEquals(0, machine.config(window + 16, 2));

            machine.ring(0).add(1);
            machine.device.notifyQueue(0);
            assertEquals(0, machine.ring(0).used());
            machine.loop.change(1);
            assertEquals(List.of(), machine.interrupts.takeLevels());
            assertTrue(machine.isInterruptStatusSet());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void states_that_are_not_there_are_not_entered(int state) {
        try (Machine machine = Machine.running()) {
            power(machine, state);
            assertEquals(0, power(machine));
            machine.exchange(0, 1);
            power(machine, 3);
            power(machine, state);
            assertEquals(3, power(machine));
        }
    }

    @Test
    void state_is_kept_where_there_is_no_soft_reset() {
        try (Machine machine = new Machine(new LoopDevice(),
                from -> from.powerManagement(PowerManagement.NO_SOFT_RESET)).enable()) {
            int at = machine.capability(CapabilityList.POWER_MANAGEMENT) + 4;
            assertEquals(8, machine.config(at, 2), "No_Soft_Reset");
            machine.enableMsix();
            machine.start();
            power(machine, 3);
            machine.ring(0).add(4);
            machine.device.notifyQueue(0);
            machine.loop.change(1);
            assertEquals(0, machine.ring(0).used());

            power(machine, 0);
            assertEquals(Machine.RUNNING, machine.status());
            assertEquals(4, machine.ring(0).answer());
            assertEquals(List.of(0, 1), machine.interrupts.takeVectors().stream().sorted().toList());
        }
    }
}
