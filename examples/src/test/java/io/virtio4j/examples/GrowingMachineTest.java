// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.virtio4j.core.memory.GuestMemory;
import io.virtio4j.core.memory.MemoryRegion;
import io.virtio4j.core.transport.DeviceInstance;
import org.junit.jupiter.api.Test;

class GrowingMachineTest {

    @Test
    void the_driver_is_asked_for_more_and_reaches_nothing_before_it_plugs() {
        try (GuestMemory memory = GuestMemory.of(MemoryRegion.allocate(0, 1 << 20));
             DeviceInstance instance = GrowingMachine.grow(memory)) {
            assertEquals(512L << 20, instance.readConfig(48, 8));
            assertEquals(1, memory.current().regions().size());
            assertEquals(2, memory.current().added().size());
        }
    }
}
