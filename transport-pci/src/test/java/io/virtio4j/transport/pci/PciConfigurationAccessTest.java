// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.pci;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.memory.SharedMemoryRegion;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.PciPort;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.TestDriver;
import io.virtio4j.testkit.conformance.HostileCase;
import io.virtio4j.testkit.conformance.HostileCases;
import io.virtio4j.testkit.conformance.Normative;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** [PCI configuration access capability] */
class PciConfigurationAccessTest {

    /** Drives the window of a machine. */
    private static final class Window {

        private final Machine machine;
        private final int at;

        Window(Machine machine) {
            this.machine = machine;
            at = machine.virtioCapability(VirtioCapability.PCI_CFG);
        }

        Window aim(int bar, long offset, long length) {
            machine.config(at + 4, 1, bar);
            machine.config(at + 8, 4, offset);
            machine.config(at + 12, 4, length);
            return this;
        }

        long read() {
            return machine.config(at + 16, 4);
        }

        void write(long value) {
            machine.config(at + 16, 4, value);
        }
    }

    @Test
    void aim_can_be_read_back() {
        try (Machine machine = Machine.enabled()) {
            Window window = new Window(machine).aim(0xAB, 0x1234_5678L, 0x9ABC_DEF0L);
            assertEquals(0xAB, machine.config(window.at + 4, 1));
            assertEquals(0x1234_5678L, machine.config(window.at + 8, 4));
            assertEquals(0x9ABC_DEF0L, machine.config(window.at + 12, 4));
        }
    }

    @Test
    @Normative({"PCI-51", "PCI-52"})
    void window_reads_and_writes_in_every_width() {
        try (Machine machine = Machine.enabled()) {
            Window window = new Window(machine);

            window.aim(4, CommonField.DEVICE_STATUS.offset(), 1).write(0xFFFF_FF01L);
            assertEquals(1, machine.status());
            window.aim(4, CommonField.QUEUE_SELECT.offset(), 2).write(0xFFFF_0001L);
            assertEquals(1, machine.common(CommonField.QUEUE_SELECT));
            window.aim(4, CommonField.DEVICE_FEATURE_SELECT.offset(), 4).write(0x0102_0304L);
            assertEquals(0x0102_0304L, machine.common(CommonField.DEVICE_FEATURE_SELECT));

            assertEquals(0x0102_0304L, window.read());
            assertEquals(64, window.aim(4, CommonField.QUEUE_SIZE.offset(), 2).read() & 0xFFFF);
            assertEquals(1, window.aim(4, CommonField.DEVICE_STATUS.offset(), 1).read() & 0xFF);
        }
    }

    @Test
    @Normative("PCI-52")
    void read_stores_as_many_bytes_as_the_length_says() {
        try (Machine machine = Machine.enabled()) {
            Window window = new Window(machine).aim(4, Machine.DEVICE, 1);
            machine.config(window.at + 12, 4, 0);
            window.write(0x4433_2211L);
            machine.config(window.at + 12, 4, 1);
            assertEquals(0x4433_22A0L, window.read());
        }
    }

    @Test
    @Normative({"PCI-51", "PCI-52"})
    void parts_of_the_data_can_be_accessed() {
        try (Machine machine = Machine.enabled()) {
            Window window = new Window(machine).aim(4, Machine.DEVICE, 4);
            assertEquals(0xA0, machine.config(window.at + 16, 1));
            assertEquals(0xA3A2, machine.config(window.at + 18, 2));
            window.aim(4, Machine.DEVICE + 4, 4).write(0);
            machine.config(window.at + 17, 1, 0x55);
            assertEquals(0x5500L, machine.read(4, Machine.DEVICE + 4, 4));
        }
    }

    @Test
    void window_works_while_memory_is_not_decoded() {
        try (Machine machine = new Machine()) {
            assertEquals(2, new Window(machine).aim(4, CommonField.NUM_QUEUES.offset(), 2).read());
        }
    }

    @Test
    @HostileCase("PC-5")
    void window_reads_and_clears_isr_status() {
        try (Machine machine = Machine.enabled()) {
            machine.start();
            machine.exchange(0, 1);
            assertEquals(List.of(true), machine.interrupts.takeLevels());

            assertEquals(1, new Window(machine).aim(4, Machine.ISR, 1).read());
            assertEquals(List.of(false), machine.interrupts.takeLevels());
            assertEquals(0, new Window(machine).aim(4, Machine.ISR, 1).read());
        }
    }

    @Test
    @HostileCase("PC-5")
    void window_notifies() {
        try (Machine machine = Machine.running()) {
            machine.ring(1).add(9);
            new Window(machine).aim(4, Machine.NOTIFY + 4, 2).write(1);
            assertEquals(1, machine.ring(1).used());
            assertEquals(List.of(2), machine.interrupts.takeVectors());
            assertEquals(0, new Window(machine).aim(4, Machine.NOTIFY + 4, 2).read());
        }
    }

    @Test
    @HostileCase("PC-5")
    void interrupt_handler_may_use_the_window_that_caused_it() {
        try (Machine machine = Machine.running()) {
            Window window = new Window(machine);
            List<Long> seen = new ArrayList<>();
            machine.interrupts.onMessage = () -> {
                seen.add(window.aim(4, CommonField.DEVICE_STATUS.offset(), 1).read());
                if (seen.size() < 4) {
                    machine.ring(0).add(seen.size());
                    window.aim(4, Machine.NOTIFY, 2).write(0);
                }
            };
            machine.ring(0).add(0);
            window.aim(4, Machine.NOTIFY, 2).write(0);

            assertEquals(4, machine.ring(0).used());
            assertTrue(seen.stream().allMatch(value -> (value & 0xFF) == Machine.RUNNING));
        }
    }

    @Test
    @HostileCase("PC-4")
    void other_aims_read_0_and_write_nothing() {
        try (Arena arena = Arena.ofConfined();
                Machine machine = new Machine(
                        new LoopDevice(new SharedMemoryRegion(1, arena.allocate(4096))),
                        from -> from.express(PciExpress.NONE)).enable()) {
            machine.enableMsix();
            machine.start();
            Window window = new Window(machine);
            List<Object> before = snapshot(machine, window);
            long cases = 0;
            long[] lengths = {0, 1, 2, 3, 4, 5, 6, 7, 8, 16, 0x100, 0x8000_0000L, 0xFFFF_FFFFL,
                0xFFFF_FFFEL, 0xFFFF_FFFCL};
            for (int bar = 0; bar <= 0xFF; bar++) {
                // Those that cannot exist are all alike.
                for (long offset : bar < 8 ? offsets() : List.of(0L, Machine.DEVICE)) {
                    for (long length : lengths) {
                        if (!hits(bar, offset, length)) {
                            window.aim(bar, offset, length).write(0x0101_0101L);
                            assertEquals(0, window.read(), bar + ":" + offset + "/" + length);
                            cases++;
                        }
                    }
                }
            }
            HostileCases.count("PC-4", cases);
            assertEquals(before, snapshot(machine, window));
            machine.exchange(0, 1);
        }
    }

    private static List<Object> snapshot(Machine machine, Window window) {
        window.aim(0, 0, 0).write(0);
        return machine.snapshot();
    }

    /** Around the beginning and the end of everything, and at the ends of the address space. */
    private static List<Long> offsets() {
        List<Long> offsets = new ArrayList<>();
        for (long place : new long[] {0, 64, Machine.ISR, Machine.DEVICE, Machine.DEVICE + 20,
            Machine.NOTIFY, Machine.NOTIFY + 8, 0x4000, 0x8000_0000L, 0x1_0000_0000L}) {
            for (long offset = place - 5; offset <= place + 5; offset++) {
                if (offset >= 0 && offset <= 0xFFFF_FFFFL) {
                    offsets.add(offset);
                }
            }
        }
        return offsets;
    }

    /** Whether the access is within a structure that the window is for. */
    private static boolean hits(int bar, long offset, long length) {
        boolean aligned = (length == 1 || length == 2 || length == 4) && offset % length == 0;
        return bar == 4 && aligned && (inside(offset, length, 0, 64)
                || inside(offset, length, Machine.ISR, 1)
                || inside(offset, length, Machine.DEVICE, 20)
                || inside(offset, length, Machine.NOTIFY, 8));
    }

    private static boolean inside(long offset, long length, long start, long size) {
        return offset >= start && offset + length <= start + size;
    }

    @Test
    @Normative({"PCI-51", "PCI-52"})
    void device_can_be_driven_through_the_window_alone() {
        try (Machine machine = new Machine()) {
            PciPort port = machine.port(PciPort.Interrupts.MSIX, PciPort.Window.PCI_CFG);
            TestDriver driver = TestDriver.over(port, machine.ram).start(DriverOptions.packed());
            for (int i = 0; i < 100; i++) {
                Submitted echo = driver.queue(i % 2).exchange(new byte[] {1, 2, (byte) i}, 3);
                assertEquals(i, echo.written()[2]);
            }
            driver.reset();
        }
    }
}
