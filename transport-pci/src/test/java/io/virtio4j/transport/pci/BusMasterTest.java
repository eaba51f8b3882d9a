// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.pci;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.queue.Runner;
import io.virtio4j.testkit.conformance.Normative;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** While Bus Master Enable is 0, a function writes and reads no memory, and messages are such writes. [PCI] */
@Timeout(60)
@Normative("PCI-1")
class BusMasterTest {

    @Test
    void device_waits_for_bus_mastering() {
        try (Machine machine = new Machine()) {
            machine.enable();
            machine.clear(PciHeader.BUS_MASTER);
            machine.enableMsix();
            machine.start();
            machine.ring(0).add(5);
            machine.notifyQueue(0);
            assertEquals(0, machine.ring(0).used());
            assertEquals(Machine.RUNNING, machine.status(), "registers answer");

            machine.set(PciHeader.BUS_MASTER);
            assertEquals(1, machine.ring(0).used());
            assertEquals(5, machine.ring(0).answer());
            assertEquals(List.of(1), machine.interrupts.takeVectors());
        }
    }

    @Test
    void device_stops_and_goes_on() {
        try (Machine machine = Machine.running()) {
            machine.exchange(0, 1);
            machine.clear(PciHeader.BUS_MASTER);
            machine.clear(PciHeader.BUS_MASTER);
            machine.ring(0).add(2);
            machine.notifyQueue(0);
            assertEquals(1, machine.ring(0).used());

            machine.set(PciHeader.BUS_MASTER);
            assertEquals(2, machine.ring(0).used());
            machine.exchange(1, 3);
        }
    }

    @Test
    void messages_wait_as_if_they_were_masked() {
        try (Machine machine = Machine.running()) {
            machine.clear(PciHeader.BUS_MASTER);
            machine.loop.change(1);
            assertEquals(List.of(), machine.interrupts.takeVectors());
            assertEquals(1, machine.pending());

            machine.set(PciHeader.BUS_MASTER);
            assertEquals(List.of(0), machine.interrupts.takeVectors());
            assertEquals(0, machine.pending());
        }
    }

    @Test
    void pin_does_not_wait() {
        try (Machine machine = Machine.enabled()) {
            machine.start();
            machine.clear(PciHeader.BUS_MASTER);
            machine.loop.change(1);
            assertEquals(List.of(true), machine.interrupts.takeLevels());
        }
    }

    @Test
    void request_that_the_host_finishes_meanwhile_is_used_afterwards() {
        try (Machine machine = Machine.running()) {
            machine.loop.keeps = true;
            machine.ring(0).add(7);
            machine.notifyQueue(0);
            machine.clear(PciHeader.BUS_MASTER);

            machine.loop.release();
            assertEquals(0, machine.ring(0).used());
            assertEquals(List.of(), machine.interrupts.takeVectors());

            machine.set(PciHeader.BUS_MASTER);
            assertEquals(1, machine.ring(0).used());
            assertEquals(7, machine.ring(0).answer());
            assertEquals(List.of(1), machine.interrupts.takeVectors());
        }
    }

    @Test
    void disabling_waits_for_requests_that_were_issued_before() throws InterruptedException {
        try (Machine machine = new Machine(new LoopDevice(), from -> from,
                from -> from.resetGrace(Duration.ofSeconds(50)))) {
            machine.enable().enableMsix();
            machine.start();
            machine.loop.keeps = true;
            machine.ring(0).add(7);
            machine.notifyQueue(0);
            Thread host = Thread.ofPlatform().unstarted(() -> {
                try {
                    Thread.sleep(20);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
                machine.loop.release();
            });

            host.start();
            machine.clear(PciHeader.BUS_MASTER);
            assertEquals(0, machine.loop.kept(), "the host's I/O is over");
            assertEquals(0, machine.ring(0).used());
            host.join();

            machine.set(PciHeader.BUS_MASTER);
            assertEquals(7, machine.ring(0).answer());
        }
    }

    @Test
    void nothing_moves_while_a_worker_serves_a_busy_driver() throws InterruptedException {
        try (Machine machine = new Machine(new LoopDevice(), from -> from, from -> from.runner(
                Runner.workerPerQueue(Thread.ofPlatform().daemon().factory())))) {
            machine.enable().enableMsix();
            machine.start();
            for (int round = 0; round < 200; round++) {
                HandRing ring = machine.ring(round % 2);
                int before = ring.used();
                ring.add(round);
                machine.notifyQueue(round % 2);
                machine.clear(PciHeader.BUS_MASTER);
                int stopped = ring.used();
                machine.interrupts.takeMessages();
                machine.notifyQueue(round % 2);
                Thread.yield();
                assertEquals(stopped, ring.used());
                assertEquals(List.of(), machine.interrupts.takeMessages());
                machine.set(PciHeader.BUS_MASTER);
                while (ring.used() == before) {
                    Thread.sleep(0, 100_000);
                }
            }
        }
    }

    @Test
    void reset_ends_bus_mastering_without_waiting_for_it() {
        try (Machine machine = Machine.running()) {
            machine.loop.keeps = true;
            machine.ring(0).add(1);
            machine.notifyQueue(0);
            machine.pci.reset();

            assertEquals(0, machine.command());
            assertTrue(machine.device.status() != 0, "waits for the host");
            machine.loop.release();
            assertEquals(0, machine.device.status());
            assertFalse(machine.pci.isMsixEnabled());
            machine.loop.keeps = false;
            machine.enable().enableMsix();
            machine.start();
            machine.exchange(0, 1);
        }
    }
}
