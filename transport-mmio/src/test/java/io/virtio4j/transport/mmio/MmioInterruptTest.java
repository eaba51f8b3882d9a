// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.mmio;

import static io.virtio4j.transport.mmio.InterruptStatus.CONFIGURATION_CHANGE;
import static io.virtio4j.transport.mmio.InterruptStatus.USED_BUFFER;
import static io.virtio4j.transport.mmio.MmioRegister.INTERRUPT_STATUS;
import static io.virtio4j.transport.mmio.MmioRegister.STATUS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.testkit.conformance.HostileCase;
import io.virtio4j.testkit.conformance.Normative;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** [Notifications From The Device] */
@Timeout(60)
class MmioInterruptTest {

    @Test
    void a_level_line_follows_interrupt_status() {
        List<Boolean> line = new ArrayList<>();
        InterruptStatus status = new InterruptStatus(MmioInterrupt.level(line::add));
        status.open(0);

        status.usedBuffers(3);
        status.usedBuffers(4);
        status.configurationChanged();
        assertEquals(List.of(true), line);
        status.acknowledge(USED_BUFFER);
        assertEquals(List.of(true), line, "one event is left");
        status.acknowledge(CONFIGURATION_CHANGE);
        assertEquals(List.of(true, false), line);
        status.configurationChanged();
        status.close();
        assertEquals(List.of(true, false, true, false), line);
    }

    @Test
    void an_edge_line_has_a_pulse_for_each_event() {
        AtomicInteger pulses = new AtomicInteger();
        InterruptStatus status = new InterruptStatus(MmioInterrupt.edge(pulses::incrementAndGet));
        status.open(0);

        status.usedBuffers(0);
        status.usedBuffers(0);
        assertEquals(2, pulses.get(), "the driver may have looked at the first already");
        status.configurationChanged();
        assertEquals(3, pulses.get());
        status.acknowledge(USED_BUFFER);
        assertEquals(4, pulses.get(), "one event is left");
        status.acknowledge(USED_BUFFER);
        assertEquals(4, pulses.get(), "nothing changed");
        status.acknowledge(CONFIGURATION_CHANGE);
        status.close();
        assertEquals(4, pulses.get());
    }

    /** Handled, then acknowledged, as the specification has it; or a write that arrives late. */
    @Test
    @Normative("MMIO-3")
    void an_event_that_the_driver_has_not_read_of_outlives_an_acknowledgement() {
        List<Boolean> line = new ArrayList<>();
        InterruptStatus status = new InterruptStatus(MmioInterrupt.level(line::add));
        status.open(0);
        status.usedBuffers(0);
        assertEquals(USED_BUFFER, status.read());

        status.usedBuffers(0);
        status.configurationChanged();
        status.acknowledge(USED_BUFFER);

        assertEquals(USED_BUFFER | CONFIGURATION_CHANGE, status.get());
        assertEquals(List.of(true), line, "is asserted still");
        assertEquals(USED_BUFFER | CONFIGURATION_CHANGE, status.read());
        status.acknowledge(USED_BUFFER | CONFIGURATION_CHANGE);
        assertEquals(0, status.get());
        assertEquals(List.of(true, false), line);
    }

    @Test
    @Normative("MMIO-3")
    void such_an_event_has_another_pulse_on_an_edge_line() {
        AtomicInteger pulses = new AtomicInteger();
        InterruptStatus status = new InterruptStatus(MmioInterrupt.edge(pulses::incrementAndGet));
        status.open(0);
        status.usedBuffers(0);
        status.read();
        status.usedBuffers(0);
        assertEquals(2, pulses.get());

        status.acknowledge(USED_BUFFER);

        assertEquals(3, pulses.get());
        status.read();
        status.acknowledge(USED_BUFFER);
        assertEquals(0, status.get());
        assertEquals(3, pulses.get());
    }

    @Test
    void a_driver_that_reads_twice_has_read_of_all_events() {
        InterruptStatus status = new InterruptStatus(MmioInterrupt.edge(() -> {}));
        status.open(0);
        status.usedBuffers(0);
        status.read();
        status.usedBuffers(0);
        status.read();
        status.acknowledge(USED_BUFFER);
        assertEquals(0, status.get());
    }

    @Test
    void a_driver_that_never_reads_can_acknowledge() {
        InterruptStatus status = new InterruptStatus(MmioInterrupt.edge(() -> {}));
        status.open(0);
        for (int round = 0; round < 3; round++) {
            status.usedBuffers(0);
            status.usedBuffers(0);
            status.acknowledge(USED_BUFFER);
            assertEquals(0, status.get());
        }
    }

    @Test
    @Normative("MMIO-3")
    void the_driver_of_a_device_is_told_of_buffers_that_were_used_before_its_acknowledgement_arrived() {
        try (Machine machine = Machine.running()) {
            machine.exchange(0, machine.ring(0), 1);
            assertEquals(USED_BUFFER, machine.read(INTERRUPT_STATUS));

            machine.exchange(1, machine.ring(1), 2);
            machine.write(MmioRegister.INTERRUPT_ACK, USED_BUFFER);

            assertEquals(USED_BUFFER, machine.read(INTERRUPT_STATUS));
            assertTrue(machine.mmio.isInterruptPending());
            machine.write(MmioRegister.INTERRUPT_ACK, USED_BUFFER);
            assertEquals(0, machine.read(INTERRUPT_STATUS));
            assertEquals(List.of(true, false), machine.line);
        }
    }

    @Test
    @Normative({"MMIO-4", "MMIO-5"})
    void an_event_of_the_last_life_does_not_count() {
        List<Boolean> line = new ArrayList<>();
        InterruptStatus status = new InterruptStatus(MmioInterrupt.level(line::add));

        status.configurationChanged();
        assertEquals(0, status.get());
        status.open(0);
        status.close();
        status.usedBuffers(0);
        status.configurationChanged();

        assertEquals(0, status.get());
        assertEquals(List.of(), line);
    }

    @Test
    void a_line_that_fails_stops_neither_the_device_nor_the_next_interrupt() {
        List<Boolean> line = new ArrayList<>();
        InterruptStatus level = new InterruptStatus(MmioInterrupt.level(asserted -> {
            line.add(asserted);
            throw new IllegalStateException("no such line");
        }));
        InterruptStatus edge = new InterruptStatus(MmioInterrupt.edge(() -> {
            line.add(null);
            throw new IllegalStateException("no such line");
        }));
        level.open(0);
        edge.open(0);

        level.usedBuffers(0);
        level.acknowledge(USED_BUFFER);
        level.usedBuffers(0);
        assertEquals(List.of(true, false, true), line);
        line.clear();
        edge.usedBuffers(0);
        edge.usedBuffers(0);
        assertEquals(2, line.size());
    }

    @Test
    void the_line_is_what_interrupt_status_says_whoever_was_last() throws Exception {
        long seed = 20260408;
        AtomicBoolean line = new AtomicBoolean();
        AtomicInteger within = new AtomicInteger();
        AtomicBoolean overlapped = new AtomicBoolean();
        InterruptStatus status = new InterruptStatus(MmioInterrupt.level(asserted -> {
            if (within.getAndIncrement() != 0 || line.getAndSet(asserted) == asserted) {
                overlapped.set(true);
            }
            within.getAndDecrement();
        }));
        status.open(0);
        for (int round = 0; round < 20; round++) {
            SplittableRandom random = new SplittableRandom(seed + round);
            Thread queue = Thread.ofPlatform().start(() -> {
                for (int i = 0; i < 200; i++) {
                    status.usedBuffers(0);
                }
            });
            Thread backend = Thread.ofPlatform().start(() -> {
                for (int i = 0; i < 200; i++) {
                    status.configurationChanged();
                }
            });
            for (int i = 0; i < 200; i++) {
                status.acknowledge(random.nextInt(4));
            }
            queue.join();
            backend.join();
            assertEquals(status.get() != 0, line.get(), "seed " + (seed + round));
            status.acknowledge(InterruptStatus.EVENTS);
            assertFalse(line.get(), "seed " + (seed + round));
        }
        assertFalse(overlapped.get());
    }

    @Test
    @Normative("MMIO-5")
    @HostileCase("QC-6")
    void no_event_shows_up_after_a_reset_while_the_configuration_keeps_changing() throws Exception {
        try (Machine machine = new Machine()) {
            AtomicBoolean end = new AtomicBoolean();
            Thread backend = Thread.ofPlatform().start(() -> {
                for (int i = 0; !end.get(); i++) {
                    machine.changeConfiguration(i);
                }
            });
            try {
                for (int i = 0; i < 100; i++) {
                    machine.negotiate();
                    machine.write(STATUS, Machine.RUNNING);
                    long deadline = System.nanoTime() + 20_000_000_000L;
                    while (machine.read(INTERRUPT_STATUS) == 0) {
                        assertTrue(System.nanoTime() < deadline, "no event");
                        Thread.onSpinWait();
                    }
                    machine.write(STATUS, 0);
                    for (int look = 0; look < 3; look++) {
                        assertEquals(0, machine.read(STATUS));
                        assertEquals(0, machine.read(INTERRUPT_STATUS));
                        Thread.yield();
                    }
                }
            } finally {
                end.set(true);
                backend.join();
            }
            assertFalse(machine.mmio.isInterruptPending());
        }
    }

    @Test
    @HostileCase("QC-6")
    void a_reset_from_within_the_interrupt_is_carried_out() {
        LoopDevice loop = new LoopDevice();
        try (Machine machine = new Machine(loop)) {
            List<Long> statuses = new ArrayList<>();
            MmioTransport[] mmio = new MmioTransport[1];
            mmio[0] = new MmioTransport(machine.device, MmioInterrupt.edge(() -> {
                mmio[0].write(STATUS.offset(), 4, 0);
                statuses.add(mmio[0].read(STATUS.offset(), 4));
            }));
            machine.negotiate();
            HandRing ring = machine.ready(0);
            mmio[0].write(STATUS.offset(), 4, Machine.RUNNING);
            ring.add(1);

            machine.write(MmioRegister.QUEUE_NOTIFY, 0);

            assertEquals(1, statuses.size());
            assertEquals(0, machine.read(STATUS));
            assertFalse(mmio[0].isInterruptPending());
            machine.negotiate();
            assertTrue(machine.device.accepted().hasBit(32));
        }
    }
}
