// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.pci;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.device.CoreFeature;
import io.virtio4j.core.transport.DeviceInstance;
import io.virtio4j.core.wire.StateException;
import io.virtio4j.testkit.conformance.HostileCase;
import io.virtio4j.testkit.conformance.HostileCases;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** A function is saved at any moment and goes on elsewhere. */
class SavedStateTest {

    /** How many damaged states are tried: a third cut short, the rest with bits flipped. */
    private static final int ROUNDS = 900;

    /** The same function once more, over the memory of another machine. */
    private static final class Copy implements AutoCloseable {

        final LoopDevice loop = new LoopDevice();
        final InterruptRecorder interrupts = new InterruptRecorder();
        final DeviceInstance device;
        final PciTransport pci;

        Copy(Machine from) {
            device = DeviceInstance.of(loop)
                    .memory(from.memory())
                    .offer(CoreFeature.NOTIFICATION_DATA, CoreFeature.NOTIF_CONFIG_DATA)
                    .resetGrace(Duration.ZERO)
                    .build();
            pci = PciTransport.of(device, interrupts).build();
        }

        @Override
        public void close() {
            device.close();
        }
    }

    @Test
    void running_function_goes_on() {
        try (Machine machine = Machine.running(); Copy copy = new Copy(machine)) {
            machine.exchange(0, 1);
            machine.common(CommonField.QUEUE_SELECT, 1);
            machine.common(CommonField.DEVICE_FEATURE_SELECT, 2);
            machine.common(CommonField.DRIVER_FEATURE_SELECT, 3);
            byte[] saved = machine.pci.save();
            machine.clear(PciHeader.BUS_MASTER); // the first one rests

            copy.pci.restore(saved);

            assertArrayEquals(saved, copy.pci.save());
            assertEquals(OptionalLong.of(0x80_0000_0000L), copy.pci.barAddress(4));
            assertEquals(1, copy.pci.readBar(4, CommonField.QUEUE_SELECT.offset(), 2));
            assertEquals(2, copy.pci.readBar(4, CommonField.DEVICE_FEATURE_SELECT.offset(), 4));
            assertEquals(3, copy.pci.readBar(4, CommonField.DRIVER_FEATURE_SELECT.offset(), 4));
            assertEquals(2, copy.pci.readBar(4, CommonField.QUEUE_MSIX_VECTOR.offset(), 2));
            machine.ring(0).add(6);
            copy.pci.writeBar(4, Machine.NOTIFY, 2, 0);
            assertEquals(2, machine.ring(0).used());
            assertEquals(List.of(new InterruptRecorder.Message(1, 0xFEE0_1000L, 0x4001)),
                    copy.interrupts.takeMessages());
        }
    }

    @Test
    void pending_messages_and_masks_come_along() {
        try (Machine machine = Machine.running(); Copy copy = new Copy(machine)) {
            machine.mask(1, true);
            machine.exchange(0, 1);
            copy.pci.restore(machine.pci.save());
            assertEquals(List.of(), copy.interrupts.takeMessages());
            assertEquals(2, copy.pci.readBar(1, 0x1000, 8));
            copy.pci.writeBar(1, 16 + 12, 4, 0);
            assertEquals(List.of(1), copy.interrupts.takeVectors());
        }
    }

    @Test
    void asserted_pin_is_asserted_again() {
        try (Machine machine = Machine.enabled(); Copy copy = new Copy(machine)) {
            machine.start();
            machine.exchange(0, 1);
            assertTrue(machine.isInterruptStatusSet());

            copy.pci.restore(machine.pci.save());

            assertEquals(List.of(true), copy.interrupts.takeLevels());
            assertEquals(1, copy.pci.readBar(4, Machine.ISR, 1));
            assertEquals(List.of(false), copy.interrupts.takeLevels());
        }
    }

    @Test
    void requests_in_work_are_done_once_more() {
        try (Machine machine = Machine.running(); Copy copy = new Copy(machine)) {
            machine.loop.keeps = true;
            machine.ring(0).add(9);
            machine.notifyQueue(0);
            byte[] saved = machine.pci.save();
            machine.pci.reset();
            machine.loop.release();

            copy.pci.restore(saved);

            assertEquals(1, machine.ring(0).used());
            assertEquals(9, machine.ring(0).answer());
        }
    }

    @Test
    void reset_that_waits_for_the_host_is_over_elsewhere() {
        try (Machine machine = Machine.running(); Copy copy = new Copy(machine)) {
            machine.loop.keeps = true;
            machine.ring(0).add(9);
            machine.notifyQueue(0);
            machine.status(0);
            assertEquals(Machine.RUNNING, machine.status());

            copy.pci.restore(machine.pci.save());

            assertEquals(0, copy.device.status());
            machine.loop.release();
        }
    }

    @Test
    void function_in_d3hot_wakes_up_with_a_reset() {
        try (Machine machine = Machine.running(); Copy copy = new Copy(machine)) {
            int at = machine.capability(CapabilityList.POWER_MANAGEMENT) + 4;
            machine.config(at, 2, 3);
            copy.pci.restore(machine.pci.save());
            assertEquals(Machine.RUNNING, copy.device.status());
            assertEquals(OptionalLong.empty(), copy.pci.barAddress(4));
            copy.pci.writeConfig(at, 2, 0);
            assertEquals(0, copy.device.status());
        }
    }

    @Test
    void function_that_slept_is_not_reset_by_what_is_restored() {
        try (Machine machine = Machine.running(); Copy copy = new Copy(machine)) {
            copy.pci.writeConfig(machine.capability(CapabilityList.POWER_MANAGEMENT) + 4, 2, 3);
            copy.pci.restore(machine.pci.save());
            assertEquals(Machine.RUNNING, copy.device.status());
        }
    }

    @Test
    void what_was_negotiated_holds() {
        try (Machine machine = Machine.running(CoreFeature.NOTIFICATION_DATA);
                Copy copy = new Copy(machine)) {
            byte[] saved = machine.pci.save();
            machine.clear(PciHeader.BUS_MASTER);
            copy.pci.restore(saved);
            machine.ring(0).add(6);
            copy.pci.writeBar(4, Machine.NOTIFY, 2, 0);
            assertEquals(0, machine.ring(0).used());
            copy.pci.writeBar(4, Machine.NOTIFY, 4, 0);
            assertEquals(1, machine.ring(0).used());
        }
    }

    @Test
    void bars_that_listeners_knew_move_with_the_state() {
        try (Machine machine = Machine.enabled(); Copy copy = new Copy(machine)) {
            PciBus bus = new PciBus();
            bus.add(0, 0, copy.pci);
            copy.pci.restore(machine.pci.save());
            assertEquals(2, bus.readMemory(0x80_0000_0000L + CommonField.NUM_QUEUES.offset(), 2));
        }
    }

    @Test
    void other_function_is_refused() {
        try (Machine machine = Machine.running();
                Machine vectors = new Machine(new LoopDevice(), from -> from.msixVectors(4));
                Machine queues = new Machine(new LoopDevice(LoopDevice.CONFIG_SIZE, List.of(8)),
                        from -> from.msixVectors(3));
                Machine layout = new Machine(new LoopDevice(), from -> from.express(PciExpress.NONE));
                Machine ids = new Machine(new LoopDevice(), from -> from.subsystem(0x1234, 0x40))) {
            byte[] saved = machine.pci.save();
            for (Machine other : List.of(vectors, queues, layout, ids)) {
                assertThrows(StateException.class, () -> other.pci.restore(saved));
                other.enable().enableMsix();
                other.negotiate();
            }
        }
    }

    @Test
    void used_device_is_refused() {
        try (Machine machine = Machine.running()) {
            byte[] saved = machine.pci.save();
            List<Object> before = machine.snapshot();
            assertThrows(IllegalStateException.class, () -> machine.pci.restore(saved));
            assertEquals(before, machine.snapshot());
            machine.exchange(0, 1);
        }
    }

    @Test
    @HostileCase({"MG-1", "MG-2"})
    void damaged_state_is_refused_or_harmless() {
        long seed = 0x1AF4_0001L;
        SplittableRandom random = new SplittableRandom(seed);
        try (Machine machine = Machine.running(CoreFeature.RING_RESET)) {
            machine.mask(1, true);
            machine.exchange(0, 1);
            byte[] saved = machine.pci.save();
            machine.clear(PciHeader.BUS_MASTER);
            int refused = 0;
            for (int round = 0; round < ROUNDS; round++) {
                byte[] damaged = saved.clone();
                if (round < ROUNDS / 3) {
                    damaged = Arrays.copyOf(saved, saved.length * round / (ROUNDS / 3));
                } else {
                    for (int i = 0; i <= round % 3; i++) {
                        damaged[random.nextInt(damaged.length)] ^= (byte) (1 << random.nextInt(8));
                    }
                }
                try (Copy copy = new Copy(machine)) {
                    refused += restores(copy, damaged, "seed=" + seed + " round=" + round) ? 0 : 1;
                }
            }
            HostileCases.count("MG-1", ROUNDS);
            HostileCases.count("MG-2", ROUNDS);
            assertTrue(refused > ROUNDS / 3, "refused=" + refused);
        }
    }

    private static boolean restores(Copy copy, byte[] damaged, String what) {
        byte[] before = copy.pci.save();
        try {
            copy.pci.restore(damaged);
        } catch (StateException e) {
            assertArrayEquals(before, copy.pci.save(), what);
            return false;
        }
        // Whatever it holds now, it is a function that can be used and reset.
        copy.loop.change(1);
        for (int queue = 0; queue < 2; queue++) {
            copy.device.notifyQueue(queue);
        }
        copy.pci.reset();
        assertEquals(0, copy.device.status(), what);
        return true;
    }
}
