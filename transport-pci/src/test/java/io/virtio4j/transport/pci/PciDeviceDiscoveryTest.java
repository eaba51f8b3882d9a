// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.pci;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.device.DeviceContext;
import io.virtio4j.core.device.DeviceType;
import io.virtio4j.core.device.QueueSpec;
import io.virtio4j.core.device.VirtioDevice;
import io.virtio4j.core.queue.DescriptorChain;
import io.virtio4j.core.queue.QueueHandler;
import io.virtio4j.core.queue.VirtQueue;
import io.virtio4j.core.transport.DeviceInstance;
import io.virtio4j.testkit.conformance.Normative;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** [PCI Device Discovery] */
class PciDeviceDiscoveryTest {

    /** Nothing but a type. */
    private record Typed(DeviceType type) implements VirtioDevice {

        @Override
        public List<QueueSpec> queues() {
            return List.of(QueueSpec.named("q"));
        }

        @Override
        public QueueHandler startQueue(VirtQueue queue, DeviceContext context) {
            return DescriptorChain::complete;
        }
    }

    private static PciTransport function(int deviceId) {
        DeviceInstance device = DeviceInstance.of(new Typed(new DeviceType(deviceId, "typed"))).build();
        return PciTransport.of(device, new InterruptRecorder()).build();
    }

    @Test
    @Normative({"PCI-2", "PCI-3", "PCI-5"})
    void ids_are_those_of_every_device_type() {
        for (int id = 1; id <= 63; id++) {
            PciTransport pci = function(id);

            assertEquals(0x1AF4, pci.readConfig(0, 2));
            assertEquals(0x1040 + id, pci.readConfig(2, 2));
            assertTrue(pci.readConfig(2, 2) <= 0x107F);
        }
    }

    @Test
    @Normative("PCI-6")
    void revision_keeps_legacy_drivers_away() {
        assertTrue(function(2).readConfig(8, 1) >= 1);
    }

    @Test
    @Normative("PCI-7")
    void subsystem_ids_keep_legacy_drivers_away() {
        assertEquals(0x1AF4, function(2).readConfig(0x2C, 2));
        assertTrue(function(2).readConfig(0x2E, 2) >= 0x40);
    }

    @Test
    @Normative("PCI-4")
    void subsystem_ids_can_be_those_of_the_environment() {
        try (Machine machine = new Machine(new LoopDevice(), from -> from.subsystem(0x1234, 0x5678))) {
            assertEquals(0x1234, machine.config(0x2C, 2));
            assertEquals(0x5678, machine.config(0x2E, 2));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 0x3F, 0x1_0000, -1})
    void subsystem_ids_that_invite_legacy_drivers_are_refused(int deviceId) {
        assertThrows(IllegalArgumentException.class, () -> new Machine(new LoopDevice(),
                from -> from.subsystem(0x1AF4, deviceId)));
    }

    @ParameterizedTest
    @CsvSource({"1,020000", "2,010000", "3,078000", "16,038000", "25,040100", "26,018000", "34,0C8000",
        "4,FF0000", "5,FF0000", "24,FF0000", "41,FF0000"})
    void class_code_says_what_the_device_is(int deviceId, String expected) {
        assertEquals(Long.parseLong(expected, 16), function(deviceId).readConfig(8, 4) >>> 8);
    }

    @Test
    void class_code_can_be_chosen() {
        try (Machine machine = new Machine(new LoopDevice(), from -> from.classCode(0x030001))) {
            assertEquals(0x030001, machine.config(8, 4) >>> 8);
        }
    }
}
