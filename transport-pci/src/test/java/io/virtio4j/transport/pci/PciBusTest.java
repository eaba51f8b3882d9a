// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.pci;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.virtio4j.core.transport.DeviceInstance;
import org.junit.jupiter.api.Test;

/** Several functions on one bus. */
class PciBusTest {

    /** An embedder's own function: a host bridge, more or less. */
    private static final class Bridge implements PciFunction {

        private int resets;

        @Override
        public int configSize() {
            return 256;
        }

        @Override
        public long readConfig(int offset, int width) {
            return offset == 0 && width == 4 ? 0x1237_8086L : 0;
        }

        @Override
        public void writeConfig(int offset, int width, long value) {}

        @Override
        public void reset() {
            resets++;
        }
    }

    private static long ecam(int device, int function, int register) {
        return (long) device << 15 | (long) function << 12 | register;
    }

    private static PciTransport function() {
        return PciTransport.of(
                DeviceInstance.of(new LoopDevice()).build(),
                new InterruptRecorder()).build();
    }

    @Test
    void ecam_finds_functions_by_number() {
        PciBus bus = new PciBus();
        bus.add(0, 0, new Bridge());
        bus.add(3, 0, function());
        bus.add(31, 7, function());

        assertEquals(0x1237_8086L, bus.readEcam(ecam(0, 0, 0), 4));
        assertEquals(0x107F_1AF4L, bus.readEcam(ecam(3, 0, 0), 4));
        assertEquals(0x107F_1AF4L, bus.readEcam(ecam(31, 7, 0), 4));
        assertEquals(0x1AF4, bus.readEcam(ecam(31, 7, 0), 2));
        bus.writeEcam(ecam(3, 0, 0x3C), 1, 0x42);
        assertEquals(0x42, bus.readEcam(ecam(3, 0, 0x3C), 1));
        assertEquals(0, bus.readEcam(ecam(31, 7, 0x3C), 1));
        assertEquals(0, bus.readEcam(ecam(3, 0, 0xFFC), 4), "extended");
    }

    @Test
    void nobody_answers_with_all_ones() {
        PciBus bus = new PciBus();
        bus.add(0, 0, new Bridge());
        assertEquals(0xFFFF_FFFFL, bus.readEcam(ecam(1, 0, 0), 4));
        assertEquals(0xFFFF, bus.readEcam(ecam(0, 1, 0), 2));
        assertEquals(0xFFFF_FFFFL, bus.readEcam(1 << 20, 4), "another bus");
        assertEquals(0xFFFF_FFFFL, bus.readEcam(-1, 4));
        assertEquals(0xFFFF_FFFFL, bus.readEcam(ecam(0, 0, 0x100), 4), "not extended");
        assertEquals(0xFF, bus.readMemory(0, 1));
        assertEquals(-1L, bus.readMemory(-8, 8));
        assertEquals(0xFFFF, bus.readPort(0x60, 2));
        bus.writeEcam(-1, 4, 0);
        bus.writeMemory(-1, 4, 0);
        bus.writePort(-1, 4, 0);
    }

    @Test
    void bus_has_the_number_that_it_was_given() {
        PciBus bus = new PciBus(2);
        bus.add(0, 0, new Bridge());
        assertEquals(0x1237_8086L, bus.readEcam(2 << 20, 4));
        assertEquals(0xFFFF_FFFFL, bus.readEcam(0, 4));
        assertThrows(IllegalArgumentException.class, () -> new PciBus(256));
        assertThrows(IllegalArgumentException.class, () -> new PciBus(-1));
    }

    @Test
    void ports_reach_configuration_space() {
        PciBus bus = new PciBus();
        bus.add(3, 1, function());
        bus.writePort(0xCF8, 4, 0x8000_0000L | 3 << 11 | 1 << 8 | 0x2C);
        assertEquals(0x8000_192CL, bus.readPort(0xCF8, 4));
        assertEquals(0x107F_1AF4L, bus.readPort(0xCFC, 4));
        assertEquals(0x107F, bus.readPort(0xCFE, 2));
        assertEquals(0x10, bus.readPort(0xCFF, 1));
        assertEquals(0xFFFF_FFFFL, bus.readPort(0xCFE, 4), "passes the end");

        bus.writePort(0xCF8, 4, 0x8000_0000L | 3 << 11 | 1 << 8 | 0x3C);
        bus.writePort(0xCFC, 1, 0x77);
        assertEquals(0x77, bus.readPort(0xCFC, 1));

        bus.writePort(0xCF8, 4, 3 << 11 | 1 << 8 | 0x3C);
        assertEquals(0xFFFF_FFFFL, bus.readPort(0xCFC, 4), "disabled");
        bus.writePort(0xCFC, 1, 0);
        bus.writePort(0xCF8, 2, 0xFFFF);
        bus.writePort(0xCF8, 4, 0x8000_0000L | 3 << 11 | 1 << 8 | 0x3C);
        assertEquals(0x77, bus.readPort(0xCFC, 1));
        bus.reset();
        assertEquals(0, bus.readPort(0xCF8, 4));
    }

    @Test
    void functions_of_one_device_show_that_they_are_several() {
        PciBus bus = new PciBus();
        bus.add(3, 0, function());
        assertEquals(0, bus.readEcam(ecam(3, 0, 0x0E), 1));
        bus.add(3, 5, function());
        assertEquals(0x80, bus.readEcam(ecam(3, 0, 0x0E), 1));
        assertEquals(0x0080_0000L, bus.readEcam(ecam(3, 5, 0x0C), 4));
        assertEquals(0x0080, bus.readEcam(ecam(3, 0, 0x0E), 2));
        assertEquals(0, bus.readEcam(ecam(3, 0, 0x0F), 1));
        bus.remove(3, 5);
        assertEquals(0, bus.readEcam(ecam(3, 0, 0x0E), 1));
    }

    @Test
    void memory_goes_to_the_bar_that_is_there() {
        PciBus bus = new PciBus();
        PciTransport[] functions = {function(), function(), function()};
        for (int i = 0; i < functions.length; i++) {
            bus.add(i, 0, functions[i]);
            functions[i].writeConfig(0x14, 4, 0xE000_0000L + 0x2000L * i);
            functions[i].writeConfig(0x20, 4, 0xD000_0000L - 0x1_0000L * i);
            functions[i].writeConfig(0x24, 4, i == 2 ? 0xFFFF_FFFFL : 0);
            functions[i].writeConfig(4, 2, 2);
            functions[i].writeBar(4, 22, 2, i + 1);
        }
        assertEquals(1, bus.readMemory(0xD000_0016L, 2));
        assertEquals(2, bus.readMemory(0xCFFF_0016L, 2));
        assertEquals(3, bus.readMemory(0xFFFF_FFFF_CFFE_0016L, 2), "above 2^63");
        bus.writeMemory(0xE000_2000L, 4, 0xFEE0_0000L);
        assertEquals(0xFEE0_0000L, bus.readMemory(0xE000_2000L, 4));
        assertEquals(0, bus.readMemory(0xE000_0000L, 4));
        assertEquals(0xFFFF_FFFFL, bus.readMemory(0xE000_6000L, 4), "after the last");
        assertEquals(0xFFFF_FFFFL, bus.readMemory(0xE000_1FFEL, 4), "over a border");

        functions[1].writeConfig(0x14, 4, 0xC000_0000L);
        assertEquals(0xFFFF_FFFFL, bus.readMemory(0xE000_2000L, 4));
        assertEquals(0xFEE0_0000L, bus.readMemory(0xC000_0000L, 4));

        assertSame(functions[1], bus.remove(1, 0));
        assertEquals(0xFFFF_FFFFL, bus.readMemory(0xC000_0000L, 4));
        functions[1].writeConfig(0x14, 4, 0xB000_0000L);
        assertEquals(0xFFFF_FFFFL, bus.readMemory(0xB000_0000L, 4));
        bus.add(1, 0, functions[1]);
        assertEquals(0xFEE0_0000L, bus.readMemory(0xB000_0000L, 4));
        functions[1].writeConfig(4, 2, 0);
        assertEquals(0xFFFF_FFFFL, bus.readMemory(0xB000_0000L, 4));
    }

    @Test
    void slots_are_taken_once() {
        PciBus bus = new PciBus();
        bus.add(4, 0, new Bridge());
        assertThrows(IllegalArgumentException.class, () -> bus.add(4, 0, new Bridge()));
        assertThrows(IllegalArgumentException.class, () -> bus.add(32, 0, new Bridge()));
        assertThrows(IllegalArgumentException.class, () -> bus.add(0, 8, new Bridge()));
        assertThrows(IllegalArgumentException.class, () -> bus.add(-1, 0, new Bridge()));
        assertNull(bus.remove(5, 0));
    }

    @Test
    void reset_reaches_every_function() {
        PciBus bus = new PciBus();
        Bridge bridge = new Bridge();
        PciTransport pci = function();
        bus.add(0, 0, bridge);
        bus.add(1, 0, pci);
        pci.writeConfig(4, 2, 6);

        bus.reset();

        assertEquals(1, bridge.resets);
        assertEquals(0, pci.readConfig(4, 2));
    }
}
