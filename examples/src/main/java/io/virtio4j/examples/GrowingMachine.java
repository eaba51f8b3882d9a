// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.examples;

import io.virtio4j.core.memory.GuestMemory;
import io.virtio4j.core.memory.MemoryRegion;
import io.virtio4j.core.transport.DeviceInstance;
import io.virtio4j.mem.MemDevice;

/** A machine whose memory grows while it runs. */
final class GrowingMachine {

    private GrowingMachine() {}

    static DeviceInstance grow(GuestMemory memory) {
        // tag::memory[]
        MemoryRegion region = MemoryRegion.allocate(4L << 30, 1L << 30);
        memory.add(region); // that of every device of the machine
        MemDevice device = MemDevice.of(region).requestedSize(256L << 20).build();
        device.hideFrom(memory); // what is not plugged
        DeviceInstance instance = DeviceInstance.of(device).memory(memory).build();
        // ... later, while the guest runs
        device.requestSize(512L << 20);
        // end::memory[]
        return instance;
    }
}
