// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.mmio;

import static io.virtio4j.transport.mmio.MmioRegister.SHM_BASE_HIGH;
import static io.virtio4j.transport.mmio.MmioRegister.SHM_BASE_LOW;
import static io.virtio4j.transport.mmio.MmioRegister.SHM_LEN_HIGH;
import static io.virtio4j.transport.mmio.MmioRegister.SHM_LEN_LOW;
import static io.virtio4j.transport.mmio.MmioRegister.SHM_SEL;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.memory.MemoryRegion;
import io.virtio4j.core.memory.SharedMemoryRegion;
import io.virtio4j.core.transport.DeviceInstance;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SharedMemoryRegistersTest {

    private static final long LENGTH = 0x1_4000_1000L;

    private final MemoryRegion small = MemoryRegion.allocate(0, 4096);
    private final MemoryRegion large = MemoryRegion.allocate(0, LENGTH);
    private final DeviceInstance device = DeviceInstance.of(new LoopDevice(
            new SharedMemoryRegion(0, small.segment()),
            new SharedMemoryRegion(255, large.segment()))).build();

    @AfterEach
    void close() {
        device.close();
        small.close();
        large.close();
    }

    private MmioTransport transport(Map<Integer, Long> bases) {
        return new MmioTransport(device, MmioInterrupt.edge(() -> {}), 1, bases);
    }

    private static void assertRegion(MmioTransport mmio, long id, long base, long length) {
        mmio.write(SHM_SEL.offset(), 4, id);
        assertEquals(length & 0xFFFF_FFFFL, mmio.read(SHM_LEN_LOW.offset(), 4));
        assertEquals(length >>> 32, mmio.read(SHM_LEN_HIGH.offset(), 4));
        assertEquals(base & 0xFFFF_FFFFL, mmio.read(SHM_BASE_LOW.offset(), 4));
        assertEquals(base >>> 32, mmio.read(SHM_BASE_HIGH.offset(), 4));
    }

    @Test
    void length_and_base_are_those_of_the_selected_region() {
        MmioTransport mmio = transport(Map.of(0, 0xFEDC_B000L, 255, 0x8000_0012_3456_7000L));

        assertRegion(mmio, 255, 0x8000_0012_3456_7000L, LENGTH);
        assertRegion(mmio, 0, 0xFEDC_B000L, 4096);
        assertRegion(mmio, 1, -1, -1);
        assertRegion(mmio, 0x100, -1, -1);
    }

    @Test
    void a_region_without_an_address_is_refused() {
        String message = assertThrows(IllegalArgumentException.class,
                () -> transport(Map.of(0, 0x1000L))).getMessage();

        assertTrue(message.contains("missing=255"), message);
    }

    @Test
    void an_address_without_a_region_is_refused() {
        assertThrows(IllegalArgumentException.class,
                () -> transport(Map.of(0, 0x1000L, 1, 0x4000L, 255, 0x1_0000_0000L)));
    }

    @Test
    void a_region_beyond_the_last_address_is_refused() {
        transport(Map.of(0, -1 - 4096L, 255, 0L));

        assertThrows(IllegalArgumentException.class, () -> transport(Map.of(0, -4096L, 255, 0L)));
    }
}
