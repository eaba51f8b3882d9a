// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.pci;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.memory.SharedMemoryRegion;
import io.virtio4j.testkit.conformance.HostileCase;
import io.virtio4j.testkit.conformance.HostileCases;
import io.virtio4j.testkit.conformance.Normative;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** [Virtio Structure PCI Capabilities], [Shared memory capability], [Vendor data capability] */
class VirtioStructureCapabilitiesTest {

    private static final PciLayout WITH_PORTS = PciLayout.builder()
            .bar(0, BarType.IO)
            .bar(1, BarType.MEMORY_32)
            .place(PciStructure.PORT_NOTIFY, 0)
            .place(PciStructure.COMMON, 1)
            .place(PciStructure.ISR, 1)
            .place(PciStructure.DEVICE, 1)
            .place(PciStructure.NOTIFY, 1)
            .place(PciStructure.MSIX_TABLE, 1)
            .place(PciStructure.MSIX_PBA, 1)
            .build();

    /** cfg_type, cap_len, bar, offset, length of the standard layout with queues of 8 and 100 entries. */
    @ParameterizedTest
    @CsvSource({"1,16,4,0x0,64", "2,20,4,0x3000,8", "3,16,4,0x1000,1", "4,16,4,0x2000,20", "5,20,0,0x0,0"})
    @Normative({"PCI-9", "PCI-13", "PCI-28", "PCI-37", "PCI-50", "PCI-X8"})
    void every_structure_has_a_capability(int type, int size, int bar, String offset, long length) {
        try (Machine machine = new Machine()) {
            List<Integer> found = machine.virtioCapabilities(type);

            assertEquals(1, found.size());
            int at = found.getFirst();
            assertEquals(size, machine.config(at + 2, 1));
            assertEquals(bar, machine.config(at + 4, 1));
            assertEquals(0, machine.config(at + 5, 1) | machine.config(at + 6, 2));
            assertEquals((long) Long.decode(offset), machine.config(at + 8, 4));
            assertEquals(length, machine.config(at + 12, 4));
        }
    }

    @Test
    @Normative({"PCI-9", "PCI-10", "PCI-X5"})
    void capabilities_end_before_the_next_one_begins() {
        try (Arena arena = Arena.ofConfined();
                Machine machine = new Machine(
                        new LoopDevice(new SharedMemoryRegion(7, arena.allocate(4096))),
                        from -> from.express(PciExpress.NONE)
                                .vendorData(new VendorData(0x1234, new byte[] {1, 2, 3})))) {
            List<Integer> all = machine.capabilities(CapabilityList.VENDOR_SPECIFIC);
            assertEquals(7, all.size());
            for (int at : all) {
                int next = (int) machine.config(at + 1, 1);
                assertTrue(next >= at + machine.config(at + 2, 1) || next == 0);
            }
        }
    }

    @Test
    @Normative({"PCI-12", "PCI-42"})
    void structures_are_aligned_whatever_the_layout_says() {
        for (PciStructure structure : List.of(PciStructure.COMMON, PciStructure.DEVICE)) {
            for (long offset = 1; offset < 4; offset++) {
                PciLayout.Builder layout = PciLayout.builder().bar(0, BarType.MEMORY_32)
                        .place(structure, 0, 0x8000 + offset);
                for (PciStructure other : List.of(PciStructure.COMMON, PciStructure.ISR,
                        PciStructure.DEVICE, PciStructure.NOTIFY, PciStructure.MSIX_TABLE,
                        PciStructure.MSIX_PBA)) {
                    if (other != structure) {
                        layout.place(other, 0);
                    }
                }
                assertThrows(IllegalArgumentException.class,
                        () -> new Machine(new LoopDevice(), from -> from.layout(layout.build())));
            }
        }
        try (Machine machine = new Machine()) {
            for (int type : List.of(VirtioCapability.COMMON_CFG, VirtioCapability.DEVICE_CFG)) {
                assertEquals(0, machine.config(machine.virtioCapability(type) + 8, 4) % 4);
            }
        }
    }

    @Test
    @Normative({"PCI-X8"})
    void device_without_configuration_has_no_capability_for_it() {
        try (Machine machine = new Machine(new LoopDevice(0, List.of(8)))) {
            assertEquals(List.of(), machine.virtioCapabilities(VirtioCapability.DEVICE_CFG));
        }
    }

    @Test
    @Normative("PCI-X7")
    void length_of_the_configuration_includes_padding() {
        try (Machine machine = Machine.enabled()) {
            assertEquals(0xB0, machine.read(4, Machine.DEVICE + 16, 1), "the last byte");
            assertEquals(0, machine.read(4, Machine.DEVICE + 17, 1), "padding");
            assertEquals(0, machine.read(4, Machine.DEVICE + 19, 1), "padding");
        }
    }

    @Test
    @Normative({"PCI-11", "PCI-X6"})
    void ports_come_before_memory_for_notifications() {
        try (Machine machine = new Machine(new LoopDevice(), from -> from.layout(WITH_PORTS))) {
            List<Integer> notify = machine.virtioCapabilities(VirtioCapability.NOTIFY_CFG);

            assertEquals(2, notify.size());
            assertEquals(0, machine.config(notify.get(0) + 4, 1));
            assertEquals(0, machine.config(notify.get(0) + 16, 4), "one address for all");
            assertEquals(4, machine.config(notify.get(0) + 12, 4));
            assertEquals(1, machine.config(notify.get(1) + 4, 1));
            assertEquals(4, machine.config(notify.get(1) + 16, 4));
        }
    }

    // ── Shared memory capability ───────────────────────────────────────────

    @Test
    @Normative({"PCI-43", "PCI-44"})
    void shared_memory_lies_in_its_bar() {
        try (Arena arena = Arena.ofConfined();
                Machine machine = new Machine(new LoopDevice(
                        new SharedMemoryRegion(5, arena.allocate(10_000)),
                        new SharedMemoryRegion(2, arena.allocate(0x10_0000))),
                        from -> from.express(PciExpress.NONE)).enable()) {
            List<Integer> found = machine.virtioCapabilities(VirtioCapability.SHARED_MEMORY_CFG);

            assertEquals(2, found.size());
            assertArrayEquals(new long[] {24, 5, 2, 0, 10_000, 0, 0}, region(machine, found.get(0)));
            assertArrayEquals(new long[] {24, 2, 2, 0x3000, 0x10_0000, 0, 0},
                    region(machine, found.get(1)));
            PciBar bar = machine.pci.bars().stream().filter(each -> each.index() == 2).findFirst()
                    .orElseThrow();
            assertTrue(bar.size() >= 0x3000 + 0x10_0000);
        }
    }

    /** cap_len, id, bar, offset, length, offset_hi, length_hi */
    private static long[] region(Machine machine, int at) {
        return new long[] {machine.config(at + 2, 1), machine.config(at + 5, 1), machine.config(at + 4, 1),
            machine.config(at + 8, 4), machine.config(at + 12, 4), machine.config(at + 16, 4),
            machine.config(at + 20, 4)};
    }

    @Test
    @Normative("PCI-43")
    void shared_memory_beyond_4_gib_uses_the_upper_halves() {
        PciLayout layout = PciLayout.builder()
                .bar(0, BarType.MEMORY_32)
                .bar(2, BarType.MEMORY_64_PREFETCHABLE)
                .place(PciStructure.COMMON, 0)
                .place(PciStructure.ISR, 0)
                .place(PciStructure.DEVICE, 0)
                .place(PciStructure.NOTIFY, 0)
                .place(PciStructure.MSIX_TABLE, 0)
                .place(PciStructure.MSIX_PBA, 0)
                .place(PciStructure.SHARED_MEMORY, 2, 0x5_0000_0000L)
                .build();
        try (Arena arena = Arena.ofConfined();
                Machine machine = new Machine(
                        new LoopDevice(new SharedMemoryRegion(1, arena.allocate(4096))),
                        from -> from.layout(layout))) {
            int at = machine.virtioCapability(VirtioCapability.SHARED_MEMORY_CFG);

            assertArrayEquals(new long[] {24, 1, 2, 0, 4096, 5, 0}, region(machine, at));
            assertEquals(0x8_0000_0000L, machine.pci.bars().get(1).size());
        }
    }

    @Test
    @Normative("PCI-44")
    void shared_memory_regions_with_one_id_are_refused() {
        try (Arena arena = Arena.ofConfined()) {
            LoopDevice loop = new LoopDevice(new SharedMemoryRegion(1, arena.allocate(4096)),
                    new SharedMemoryRegion(1, arena.allocate(4096)));

            assertThrows(IllegalArgumentException.class, () -> new Machine(loop));
        }
    }

    @Test
    void shared_memory_can_be_mapped_or_trapped() {
        try (Arena arena = Arena.ofConfined();
                Machine machine = new Machine(
                        new LoopDevice(new SharedMemoryRegion(1, arena.allocate(4096)))).enable()) {
            BarArea area = machine.pci.areas().stream()
                    .filter(each -> each.structure() == PciStructure.SHARED_MEMORY)
                    .findFirst().orElseThrow();
            assertEquals(4096, area.length());
            var memory = Objects.requireNonNull(area.memory());
            assertEquals(List.of(new BarMemory(2, 0, memory)), machine.pci.memory());

            for (int width : new int[] {1, 2, 4, 8}) {
                machine.write(2, 13, width, 0x8899_AABB_CCDD_EEFFL);
                long expected = 0x8899_AABB_CCDD_EEFFL & Width.ones(width);
                assertEquals(expected, machine.read(2, 13, width));
                assertEquals((byte) 0xFF, memory.get(ValueLayout.JAVA_BYTE, 13));
            }
            assertEquals(0, machine.read(2, 4093, 4), "passes the end");
        }
    }

    // ── Vendor data capability ─────────────────────────────────────────────

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 10, 60})
    @Normative("PCI-48")
    void vendor_data_is_padded_to_double_words(int length) {
        try (Machine machine = new Machine(new LoopDevice(), from -> from
                .express(PciExpress.NONE)
                .vendorData(new VendorData(0x1234, filled(length))))) {
            int at = machine.virtioCapability(VirtioCapability.VENDOR_CFG);

            assertEquals(length + 6 + 3 & ~3, machine.config(at + 2, 1));
            assertEquals(0x1234, machine.config(at + 4, 2));
            for (int i = 0; i < length; i++) {
                assertEquals(i + 1, machine.config(at + 6 + i, 1));
            }
        }
    }

    private static byte[] filled(int length) {
        byte[] data = new byte[length];
        for (int i = 0; i < length; i++) {
            data[i] = (byte) (i + 1);
        }
        return data;
    }

    @Test
    @Normative({"PCI-45", "PCI-46"})
    void vendors_can_show_several_data() {
        try (Machine machine = new Machine(new LoopDevice(), from -> from
                .express(PciExpress.NONE)
                .vendorData(new VendorData(0x1234, new byte[2]))
                .vendorData(new VendorData(0x1234, new byte[2]))
                .vendorData(new VendorData(0x4321, new byte[2])))) {
            List<Integer> found = machine.virtioCapabilities(VirtioCapability.VENDOR_CFG);

            assertEquals(List.of(0x1234L, 0x1234L, 0x4321L),
                    found.stream().map(at -> machine.config(at + 4, 2)).toList());
            assertNotEquals(0x1234L, machine.config(0x2C, 2));
        }
    }

    @Test
    @Normative("PCI-47")
    void vendor_data_of_virtio_itself_is_refused() {
        assertThrows(IllegalArgumentException.class, () -> new VendorData(0x1AF4, new byte[2]));
        assertThrows(IllegalArgumentException.class, () -> new VendorData(0x1_0000, new byte[2]));
        assertThrows(IllegalArgumentException.class, () -> new VendorData(-1, new byte[2]));
    }

    @Test
    @Normative({"PCI-49", "PCI-X9"})
    @HostileCase("PC-7")
    void reads_and_writes_of_vendor_data_change_nothing() {
        byte[] data = filled(6);
        try (Machine machine = new Machine(new LoopDevice(), from -> from
                .vendorData(new VendorData(0x1234, data)))) {
            data[0] = 99;
            int at = machine.virtioCapability(VirtioCapability.VENDOR_CFG);
            List<Object> before = machine.snapshot();
            for (int i = 0; i < 12; i++) {
                machine.config(at + i, 1);
                machine.config(at + i, 1, 0xFF);
            }
            HostileCases.count("PC-7", 12);

            assertEquals(before, machine.snapshot());
            assertEquals(1, machine.config(at + 6, 1));
        }
    }

    @Test
    void capabilities_that_do_not_fit_are_refused() {
        IllegalArgumentException refusal = assertThrows(IllegalArgumentException.class,
                () -> new Machine(new LoopDevice(),
                        from -> from.vendorData(new VendorData(0x1234, new byte[100]))));
        assertTrue(refusal.getMessage().contains("do not fit"), refusal.getMessage());
    }
}
