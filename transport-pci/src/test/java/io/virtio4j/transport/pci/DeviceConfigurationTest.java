// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.pci;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.testkit.conformance.HostileCase;
import io.virtio4j.testkit.conformance.HostileCases;
import io.virtio4j.testkit.conformance.Normative;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** [Device-specific configuration], and the generation in the common configuration. */
class DeviceConfigurationTest {

    private static long generation(Machine machine) {
        return machine.common(CommonField.CONFIG_GENERATION);
    }

    private static long counter(Machine machine) {
        return machine.read(4, Machine.DEVICE, 4);
    }

    @Test
    void bytes_are_read_in_every_width_at_every_offset() {
        try (Machine machine = Machine.enabled()) {
            for (int offset = 0; offset < LoopDevice.CONFIG_SIZE; offset++) {
                for (int width : new int[] {1, 2, 4, 8}) {
                    long expected = 0;
                    if (offset + width <= LoopDevice.CONFIG_SIZE) {
                        for (int i = 0; i < width; i++) {
                            expected |= (0xA0L + offset + i) << (8 * i);
                        }
                    }
                    assertEquals(expected, machine.read(4, Machine.DEVICE + offset, width));
                }
            }
        }
    }

    @Test
    @HostileCase("PC-7")
    void only_writable_fields_can_be_written() {
        try (Machine machine = Machine.running()) {
            long cases = 0;
            for (int offset = -8; offset < 28; offset++) {
                for (int width : new int[] {1, 2, 3, 4, 8}) {
                    machine.write(4, Machine.DEVICE + offset, width, -1L);
                    cases++;
                }
            }
            HostileCases.count("PC-7", cases);
            for (int offset = 0; offset < LoopDevice.CONFIG_SIZE; offset++) {
                boolean writable = offset >= LoopDevice.WRITABLE
                        && offset < LoopDevice.WRITABLE + LoopDevice.WRITABLE_LENGTH;
                assertEquals(writable ? 0xFF : 0xA0 + offset,
                        machine.read(4, Machine.DEVICE + offset, 1));
            }
            machine.write(4, Machine.DEVICE + LoopDevice.WRITABLE + 1, 2, 0x1234);
            assertEquals(0xFF12_34FFL, machine.read(4, Machine.DEVICE + LoopDevice.WRITABLE, 4));
            machine.exchange(0, 1);
        }
    }

    @Test
    @Normative("PCI-17")
    void generation_moves_when_a_changed_value_was_read() {
        try (Machine machine = Machine.running()) {
            counter(machine);
            long before = generation(machine);
            counter(machine);
            assertEquals(before, generation(machine), "nothing changed");

            machine.loop.change(1);
            assertEquals(1, counter(machine));
            assertNotEquals(before, generation(machine));
        }
    }

    @Test
    @Normative("PCI-17")
    void generation_moves_whatever_the_number_of_changes() {
        try (Machine machine = Machine.running()) {
            for (int changes = 1; changes <= 520; changes++) {
                counter(machine);
                long before = generation(machine);
                for (int i = 0; i < changes; i++) {
                    machine.loop.change(i);
                }
                machine.read(4, Machine.DEVICE + 12, 4);
                assertNotEquals(before, generation(machine), changes + " changes");
            }
        }
    }

    @Test
    @Normative("PCI-17")
    @HostileCase("PC-8")
    void driver_that_follows_the_generation_never_sees_a_mix() throws InterruptedException {
        try (Machine machine = Machine.running()) {
            AtomicBoolean done = new AtomicBoolean();
            machine.loop.change(0);
            Thread device = Thread.ofPlatform().start(() -> {
                for (int value = 1; !done.get(); value++) {
                    machine.loop.change(value);
                    if (value % 16 == 0) {
                        Thread.onSpinWait();
                    }
                }
            });
            int tries = 0;
            try {
                for (int round = 0; round < 2_000; round++) {
                    long first;
                    long second;
                    long before;
                    do {
                        before = generation(machine);
                        first = counter(machine);
                        second = machine.read(4, Machine.DEVICE + 12, 4);
                        tries++;
                        if (tries % 64 == 0) {
                            Thread.yield();
                        }
                    } while (generation(machine) != before && tries < 5_000_000);
                    assertEquals(first, second, "after " + tries + " tries");
                }
            } finally {
                done.set(true);
                device.join();
            }
            assertTrue(tries < 5_000_000);
            List<Integer> vectors = machine.interrupts.takeVectors();
            assertTrue(vectors.stream().allMatch(vector -> vector == 0));
            machine.exchange(0, 1);
        }
    }
}
