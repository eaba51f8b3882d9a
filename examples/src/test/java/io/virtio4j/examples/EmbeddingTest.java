// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.examples;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.blk.BlockFeature;
import io.virtio4j.core.transport.DeviceInstance;
import io.virtio4j.testkit.DriverPort;
import io.virtio4j.testkit.MmioPort;
import io.virtio4j.testkit.PciAccess;
import io.virtio4j.testkit.PciPort;
import io.virtio4j.testkit.RegisterAccess;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.TestDriver;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The examples of embedding work in a machine that knows only addresses. */
class EmbeddingTest {

    private static final int SECTOR = 512;

    @TempDir
    private Path directory;

    private final SmallMachine machine = new SmallMachine();
    private final byte[] content = new byte[1 << 20];
    private Path image = Path.of("");

    @BeforeEach
    void makeImage() throws IOException {
        Arrays.fill(content, SECTOR, 2 * SECTOR, (byte) 0x2A);
        image = Files.write(directory.resolve("disk.img"), content);
    }

    private void assertDriverReads(DeviceInstance device, DriverPort port) {
        try (TestDriver driver = TestDriver.over(port, machine.ram).start()) {
            assertEquals(2, port.deviceId());
            byte[] readSectorOne = new byte[16];
            readSectorOne[8] = 1;

            Submitted read = driver.queue(0).exchange(readSectorOne, SECTOR + 1);

            assertEquals(0, read.written()[SECTOR]);
            assertArrayEquals(
                    Arrays.copyOfRange(content, SECTOR, 2 * SECTOR), Arrays.copyOf(read.written(), SECTOR));
            assertEquals(1, device.counters(0).chains());
        }
    }

    @Test
    void a_driver_reads_the_disk_on_mmio() throws IOException {
        try (DeviceInstance device = EmbedMmio.addDisk(machine, image)) {
            assertEquals("quiet virtio_mmio.device=512@0xd0000000:5", machine.commandLine);
            assertDriverReads(device, new MmioPort(RegisterAccess.of(
                    (offset, width) -> machine.load(0xd000_0000L + offset, width),
                    (offset, width, value) -> machine.store(0xd000_0000L + offset, width, value)),
                    machine.interrupts));
        }
    }

    @Test
    void a_driver_reads_the_disk_on_pci() throws IOException {
        try (DeviceInstance device = EmbedPci.addDisk(machine, image)) {
            long function = EmbedPci.ECAM + (3 << 15);
            assertDriverReads(device, new PciPort(PciAccess.of(function,
                    machine::load, machine::store, machine::load, machine::store), machine.interrupts));
        }
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void a_disk_with_holes_offers_discard() throws IOException {
        assertTrue(Holes.disk(image).offeredFeatures().has(BlockFeature.DISCARD));
    }
}
