// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.mmio;

import static io.virtio4j.transport.mmio.MmioRegister.INTERRUPT_ACK;
import static io.virtio4j.transport.mmio.MmioRegister.INTERRUPT_STATUS;
import static io.virtio4j.transport.mmio.MmioRegister.QUEUE_NOTIFY;
import static io.virtio4j.transport.mmio.MmioRegister.QUEUE_READY;
import static io.virtio4j.transport.mmio.MmioRegister.STATUS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.device.CoreFeature;
import io.virtio4j.core.wire.StateException;
import io.virtio4j.testkit.conformance.HostileCase;
import io.virtio4j.testkit.conformance.HostileCases;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class MmioSavedStateTest {

    /** Another machine with the same memory. */
    private static Machine copyOf(Machine machine) {
        Machine copy = new Machine();
        MemorySegment.copy(machine.ram.segment(), 0, copy.ram.segment(), 0, machine.ram.length());
        return copy;
    }

    @Test
    void a_driver_goes_on_as_if_nothing_had_happened() {
        try (Machine machine = Machine.running(CoreFeature.NOTIFICATION_DATA)) {
            HandRing ring = machine.ring(1);
            machine.exchange(1, ring, 1);
            machine.select(1);
            try (Machine copy = copyOf(machine)) {
                copy.mmio.restore(machine.mmio.save());

                assertEquals(machine.snapshot().getFirst(), copy.snapshot().getFirst());
                assertEquals(Machine.RUNNING, copy.read(STATUS));
                assertEquals(1, copy.read(QUEUE_READY));
                assertEquals(1, copy.read(INTERRUPT_STATUS));
                assertEquals(List.of(true), copy.line);
                copy.write(INTERRUPT_ACK, 1);
                assertEquals(List.of(true, false), copy.line);
                copy.loop.keeps = true;
                copy.write(QUEUE_NOTIFY, 0x5_0001);
                assertEquals(0, copy.loop.served, "nothing new is available");
            }
        }
    }

    @Test
    void what_the_driver_has_not_read_of_is_pending_after_its_acknowledgement_there() {
        try (Machine machine = Machine.running()) {
            machine.exchange(0, machine.ring(0), 1);
            machine.read(INTERRUPT_STATUS);
            machine.exchange(1, machine.ring(1), 2);
            try (Machine copy = copyOf(machine)) {
                copy.mmio.restore(machine.mmio.save());

                copy.write(INTERRUPT_ACK, 1);

                assertEquals(1, copy.read(INTERRUPT_STATUS));
                copy.write(INTERRUPT_ACK, 1);
                assertEquals(0, copy.read(INTERRUPT_STATUS));
            }
        }
    }

    @Test
    void what_was_in_work_is_done_and_reported_after_the_restore() {
        try (Machine machine = Machine.running()) {
            machine.loop.keeps = true;
            machine.ring(0).add(1);
            machine.write(QUEUE_NOTIFY, 0);
            try (Machine copy = copyOf(machine)) {
                copy.mmio.restore(machine.mmio.save());

                assertEquals(1, copy.loop.served);
                assertEquals(1, copy.read(INTERRUPT_STATUS));
                assertEquals(List.of(true), copy.line);
            }
        }
    }

    @Test
    void a_reset_that_was_waiting_is_over_after_the_restore() {
        try (Machine machine = Machine.running()) {
            machine.loop.keeps = true;
            machine.ring(0).add(1);
            machine.write(QUEUE_NOTIFY, 0);
            machine.write(STATUS, 0);
            assertEquals(Machine.RUNNING, machine.read(STATUS));
            try (Machine copy = copyOf(machine)) {
                copy.mmio.restore(machine.mmio.save());

                assertEquals(0, copy.read(STATUS));
                copy.negotiate();
            }
            machine.loop.release();
        }
    }

    @Test
    void a_device_in_use_is_not_overwritten() {
        try (Machine machine = Machine.running()) {
            byte[] saved = machine.mmio.save();
            HandRing ring = machine.ring(0);

            assertThrows(IllegalStateException.class, () -> machine.mmio.restore(saved));

            machine.exchange(0, ring, 1);
            assertEquals(1, machine.read(INTERRUPT_STATUS));
        }
    }

    @Test
    @HostileCase("MG-1")
    void a_state_that_is_cut_off_or_too_long_is_refused() {
        try (Machine machine = Machine.running(); Machine fresh = new Machine()) {
            machine.changeConfiguration(1);
            byte[] saved = machine.mmio.save();
            List<Object> before = fresh.snapshot();

            for (int length = 0; length < saved.length; length++) {
                byte[] part = Arrays.copyOf(saved, length);
                assertThrows(StateException.class, () -> fresh.mmio.restore(part));
            }
            byte[] longer = Arrays.copyOf(saved, saved.length + 1);
            assertThrows(StateException.class, () -> fresh.mmio.restore(longer));

            assertEquals(before, fresh.snapshot());
            HostileCases.count("MG-1", saved.length + 1);
            fresh.mmio.restore(saved);
            assertEquals(2, fresh.read(INTERRUPT_STATUS));
        }
    }

    @Test
    @HostileCase("MG-1")
    void a_state_with_any_damaged_byte_is_refused_or_harmless() {
        try (Machine machine = Machine.running()) {
            machine.loop.keeps = true;
            machine.ring(0).add(1);
            machine.write(QUEUE_NOTIFY, 0);
            byte[] saved = machine.mmio.save();
            int refused = 0;
            for (int i = 0; i < saved.length; i++) {
                for (int flip : new int[] {0x01, 0x80, 0xFF}) {
                    byte[] damaged = saved.clone();
                    damaged[i] ^= (byte) flip;
                    try (Machine fresh = new Machine()) {
                        refused += restoreDamaged(fresh, damaged);
                    }
                }
            }
            assertTrue(refused > 100, "refused=" + refused);
            HostileCases.count("MG-1", 3L * saved.length);
        }
    }

    /** Whatever was restored, a reset ends it. */
    private static int restoreDamaged(Machine fresh, byte[] damaged) {
        int refused = 0;
        List<Object> before = fresh.snapshot();
        try {
            fresh.mmio.restore(damaged);
        } catch (StateException e) {
            assertEquals(before, fresh.snapshot());
            refused = 1;
        }
        fresh.write(STATUS, 0);
        assertEquals(0, fresh.read(STATUS));
        assertEquals(0, fresh.read(INTERRUPT_STATUS));
        fresh.negotiate();
        HandRing ring = fresh.ready(0);
        fresh.write(STATUS, Machine.RUNNING);
        fresh.exchange(0, ring, 3);
        return refused;
    }
}
