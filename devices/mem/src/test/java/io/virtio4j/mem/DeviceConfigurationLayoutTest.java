// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.mem;

import static io.virtio4j.mem.Dimm.BLOCK;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.conformance.Normative;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** [Memory Device / Device configuration layout] */
class DeviceConfigurationLayoutTest {

    private static final long GIB = 1L << 30;

    @Test
    @Normative({"MEM-2", "MEM-4", "MEM-5", "MEM-6", "MEM-7"})
    void fields_say_what_was_chosen() {
        MemDevice device = MemDevice.of(4 * GIB, 2 * GIB).blockSize(4 << 20).requestedSize(GIB).node(3).build();
        assertEquals(4L << 20, device.configSpace().read(0, 8));
        assertEquals(3, device.configSpace().read(8, 2));
        assertEquals(4 * GIB, device.configSpace().read(16, 8));
        assertEquals(2 * GIB, device.configSpace().read(24, 8));
        assertEquals(GIB + (256 << 20), device.configSpace().read(32, 8));
        assertEquals(0, device.configSpace().read(40, 8));
        assertEquals(GIB, device.configSpace().read(48, 8));
        assertTrue(device.offeredFeatures().has(MemFeature.ACPI_PXM));
    }

    @Test
    @Normative("MEM-7")
    void a_region_may_be_empty() {
        try (Dimm dimm = Dimm.start(DriverOptions.split(), builder -> MemDevice.of(0, 0))) {
            assertEquals(0, dimm.config(MemConfig.REGION_SIZE));
            assertEquals(Dimm.ERROR, dimm.ask(Dimm.PLUG, 0, 1).type());
            assertEquals(Dimm.ACK, dimm.ask(Dimm.UNPLUG_ALL, 0, 0).type());
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 2048, 3 << 12, -4096})
    @Normative("MEM-5")
    void a_block_is_a_power_of_two_that_pages_fit_into(long blockSize) {
        assertThrows(IllegalArgumentException.class, () -> MemDevice.of(0, GIB).blockSize(blockSize).build());
    }

    @Test
    @Normative("MEM-6")
    void everything_is_a_multiple_of_the_block_size() {
        MemDeviceBuilder unaligned = MemDevice.of(4096, GIB);
        assertThrows(IllegalArgumentException.class, unaligned::build);
        MemDeviceBuilder odd = MemDevice.of(0, GIB + 4096);
        assertThrows(IllegalArgumentException.class, odd::build);
        MemDeviceBuilder part = MemDevice.of(0, GIB).requestedSize(4096);
        assertThrows(IllegalArgumentException.class, part::build);
        MemDevice device = MemDevice.of(0, GIB).build();
        assertThrows(IllegalArgumentException.class, () -> device.requestSize(4096));
        assertThrows(IllegalArgumentException.class, () -> device.requestSize(2 * GIB));
    }

    @Test
    void a_region_ends_inside_of_the_address_space() {
        MemDevice.of(-GIB, GIB).build();
        MemDeviceBuilder beyond = MemDevice.of(-GIB, 2 * GIB);
        assertThrows(IllegalArgumentException.class, beyond::build);
        MemDeviceBuilder negative = MemDevice.of(0, -GIB);
        assertThrows(IllegalArgumentException.class, negative::build);
    }

    @Test
    @Normative({"MEM-1", "MEM-4", "MEM-8", "MEM-9"})
    void the_driver_is_told_when_another_size_is_wanted() {
        try (Dimm dimm = Dimm.start(DriverOptions.split(), builder ->
                MemDevice.of(4 * GIB, 2 * GIB).requestedSize(0))) {
            assertEquals(256 << 20, dimm.config(MemConfig.USABLE_REGION_SIZE));
            int generation = dimm.device.configSpace().generation();
            dimm.device.requestSize(GIB);
            assertEquals(GIB, dimm.config(MemConfig.REQUESTED_SIZE));
            assertEquals(GIB + (256 << 20), dimm.config(MemConfig.USABLE_REGION_SIZE));
            assertEquals(generation + 1, dimm.device.configSpace().generation());
            dimm.device.requestSize(0);
            assertEquals(0, dimm.config(MemConfig.REQUESTED_SIZE));
            assertEquals(GIB + (256 << 20), dimm.config(MemConfig.USABLE_REGION_SIZE), "does not shrink by itself");
            assertEquals(generation + 2, dimm.device.configSpace().generation());
        }
    }

    @Test
    @Normative({"MEM-2", "MEM-3", "MEM-10"})
    void the_plugged_size_follows_without_a_notification() {
        try (Dimm dimm = Dimm.start(DriverOptions.packed())) {
            int generation = dimm.device.configSpace().generation();
            dimm.plug(3, 5);
            assertEquals(5 * BLOCK, dimm.plugged());
            assertEquals(5 * BLOCK, dimm.device.pluggedSize());
            dimm.unplug(4, 1);
            assertEquals(4 * BLOCK, dimm.plugged());
            assertEquals(generation, dimm.device.configSpace().generation());
            assertEquals(BLOCK, dimm.config(MemConfig.BLOCK_SIZE));
            assertEquals(Dimm.ADDRESS, dimm.config(MemConfig.ADDR));
            assertFalse(dimm.device.offeredFeatures().has(MemFeature.ACPI_PXM));
        }
    }
}
