// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.pci;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.testkit.conformance.HostileCase;
import io.virtio4j.testkit.conformance.HostileCases;
import io.virtio4j.testkit.conformance.Normative;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The function as PCI and PCI Express demand it. [Virtio Over PCI Bus] */
@Normative("PCI-1")
class ConfigurationSpaceTest {

    @Test
    void header_is_of_type_0_with_capabilities() {
        try (Machine machine = new Machine()) {
            assertEquals(0, machine.config(0x0E, 1), "header type");
            assertEquals(0x0010, machine.config(0x06, 2), "status");
            assertEquals(0, machine.config(0x04, 2), "command");
            assertEquals(0, machine.config(0x30, 4), "no expansion ROM");
            assertEquals(1, machine.config(0x3D, 1), "INTA#");
        }
    }

    @Test
    void exactly_the_writable_bits_can_be_written() {
        try (Machine machine = new Machine()) {
            int msix = machine.capability(CapabilityList.MSIX);
            int power = machine.capability(CapabilityList.POWER_MANAGEMENT);
            int express = machine.capability(CapabilityList.PCI_EXPRESS);
            int window = machine.virtioCapability(VirtioCapability.PCI_CFG);
            for (int at = 0; at < 4096; at += 4) {
                long expected = at == 0x04 ? 0x0546 : 0; // command, without I/O space
                expected |= at == 0x0C ? 0xFF : 0; // cache line size
                expected |= at == 0x14 ? 0xFFFF_E000L : 0; // BAR 1: 8 KiB
                expected |= at == 0x20 ? 0xFFFF_C000L : 0; // BAR 4: 16 KiB
                expected |= at == 0x24 ? 0xFFFF_FFFFL : 0;
                expected |= at == 0x3C ? 0xFF : 0; // interrupt line
                expected |= at == msix ? 0xC000_0000L : 0;
                expected |= at == power + 4 ? 3 : 0;
                expected |= at == express + 8 ? 0x78FF : 0;
                expected |= at == window + 4 ? 0xFF : 0;
                expected |= at == window + 8 || at == window + 12 ? 0xFFFF_FFFFL : 0;
                assertEquals(expected, writable(machine, at), "register 0x" + Integer.toHexString(at));
            }
        }
    }

    /** The bits that differ between writing ones and writing zeroes. */
    private static long writable(Machine machine, int at) {
        // The highest bit of device control resets; pci_cfg_data is what it points at.
        long ones = at == machine.capability(CapabilityList.PCI_EXPRESS) + 8 ? 0xFFFF_7FFFL : 0xFFFF_FFFFL;
        machine.config(at, 4, ones);
        long high = machine.config(at, 4);
        machine.config(at, 4, 0);
        long low = machine.config(at, 4);
        return high ^ low;
    }

    @Test
    void every_byte_of_a_register_can_be_written_alone() {
        try (Machine machine = new Machine()) {
            machine.config(0x17, 1, 0xE1);
            machine.config(0x15, 2, 0x2233);
            machine.config(0x14, 1, 0xFF);

            assertEquals(0xE122_2000L, machine.config(0x14, 4), "bits below the size stay 0");
            assertEquals(0xE1, machine.config(0x17, 1));
            assertEquals(0x2220, machine.config(0x15, 2));
        }
    }

    @Test
    void capability_list_is_well_formed() {
        try (Machine machine = new Machine()) {
            List<Integer> ids = new ArrayList<>();
            int at = (int) machine.config(0x34, 1);
            int last = 0;
            while (at != 0) {
                assertEquals(0, at % 4);
                assertTrue(at >= 0x40 && at > last, "within the device-specific part, and in order");
                ids.add((int) machine.config(at, 1));
                last = at;
                at = (int) machine.config(at + 1, 1);
            }
            assertEquals(List.of(9, 9, 9, 9, 9, 0x11, 0x01, 0x10), ids);
        }
    }

    @Test
    void extended_configuration_space_is_empty() {
        try (Machine machine = new Machine()) {
            assertEquals(4096, machine.pci.configSize());
            for (int at = 0x100; at < 0x1000; at += 4) {
                assertEquals(0, machine.config(at, 4));
            }
        }
    }

    @Test
    void express_capability_is_that_of_an_integrated_endpoint() {
        try (Machine machine = new Machine()) {
            int at = machine.capability(CapabilityList.PCI_EXPRESS);

            assertEquals(0x0092, machine.config(at + 2, 2), "version 2, type 9");
            assertEquals(0x1000_8000L, machine.config(at + 4, 4), "function level reset");
            assertEquals(0x2810, machine.config(at + 8, 2));
            assertEquals(0, machine.config(at + 0x0C, 4), "no link");
        }
    }

    @Test
    void express_capability_is_that_of_an_endpoint_with_a_link() {
        try (Machine machine = new Machine(new LoopDevice(), from -> from.express(PciExpress.ENDPOINT))) {
            int at = machine.capability(CapabilityList.PCI_EXPRESS);

            assertEquals(0x0002, machine.config(at + 2, 2), "version 2, type 0");
            assertEquals(0x11, machine.config(at + 0x0C, 4), "one lane, 2.5 GT/s");
            assertEquals(0x11, machine.config(at + 0x12, 2));
        }
    }

    @Test
    void function_can_be_conventional() {
        try (Machine machine = new Machine(new LoopDevice(), from -> from
                .express(PciExpress.NONE)
                .powerManagement(PowerManagement.NONE))) {
            assertEquals(256, machine.pci.configSize());
            assertEquals(List.of(), machine.capabilities(CapabilityList.PCI_EXPRESS));
            assertEquals(List.of(), machine.capabilities(CapabilityList.POWER_MANAGEMENT));
            machine.config(0x0D, 1, 0x40);
            assertEquals(0x40, machine.config(0x0D, 1), "latency timer");
            machine.enable().enableMsix();
            machine.start();
            machine.exchange(0, 1);
        }
    }

    @Test
    void express_function_needs_power_management() {
        assertThrows(IllegalArgumentException.class, () -> new Machine(new LoopDevice(),
                from -> from.powerManagement(PowerManagement.NONE)));
    }

    @Test
    void function_without_any_interrupt_is_refused() {
        assertThrows(IllegalArgumentException.class, () -> new Machine(new LoopDevice(),
                from -> from.msixVectors(0).interruptPin(0)));
    }

    @ParameterizedTest
    @EnumSource(PciExpress.class)
    @HostileCase("PC-6")
    void accesses_that_no_bus_carries_are_ignored(PciExpress express) {
        try (Machine machine = new Machine(new LoopDevice(), from -> from.express(express))) {
            int size = machine.pci.configSize();
            int[] offsets = {0, 1, 2, 3, 4, 0x10, 0x34, size - 8, size - 5, size - 4, size - 3, size - 2,
                size - 1, size, size + 1, size + 4, 4096, 0x1_0000, Integer.MAX_VALUE - 3,
                Integer.MAX_VALUE, Integer.MIN_VALUE, -4, -1};
            List<Object> before = machine.snapshot();
            long cases = 0;
            for (int offset : offsets) {
                for (int width = -1; width <= 9; width++) {
                    boolean carried = (width == 1 || width == 2 || width == 4)
                            && (offset & 3) + width <= 4;
                    if (!carried || offset < 0 || offset > size - width) {
                        machine.config(offset, width, -1L);
                        assertEquals(0, machine.config(offset, width), offset + "/" + width);
                        cases++;
                    }
                }
            }
            HostileCases.count("PC-6", cases);
            assertEquals(before, machine.snapshot());
            machine.enable().enableMsix();
            machine.start();
            machine.exchange(1, 2);
        }
    }

    @Test
    @HostileCase("PC-6")
    void every_register_survives_writes_of_all_kinds() {
        try (Machine machine = new Machine()) {
            long[] values = {0, -1L, 0x5555_5555L, 0xAAAA_AAAAL, 0x8000_0001L};
            long cases = 0;
            for (int at = 0; at < 4096; at++) {
                for (int width : new int[] {1, 2, 4}) {
                    if ((at & 3) + width <= 4) {
                        for (long value : values) {
                            machine.config(at, width, value);
                            machine.config(at, width);
                            cases++;
                        }
                    }
                }
            }
            HostileCases.count("PC-6", cases);
            machine.pci.reset();
            machine.enable().enableMsix();
            machine.start();
            machine.exchange(0, 3);
        }
    }
}
