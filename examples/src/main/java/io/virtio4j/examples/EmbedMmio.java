// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.examples;

import io.virtio4j.blk.BlockDevice;
import io.virtio4j.blk.FileBackend;
import io.virtio4j.core.transport.DeviceInstance;
import io.virtio4j.transport.mmio.MmioInterrupt;
import io.virtio4j.transport.mmio.MmioTransport;
import io.virtio4j.transport.mmio.MmioWindow;
import java.io.IOException;
import java.nio.file.Path;

/** A disk on MMIO in a machine of one's own. */
final class EmbedMmio {

    private EmbedMmio() {}

    static DeviceInstance addDisk(EmbedMachine machine, Path image) throws IOException {
        // tag::mmio[]
        BlockDevice disk = new BlockDevice(FileBackend.open(image));
        DeviceInstance device = DeviceInstance.of(disk).memory(machine.memory()).build();
        MmioTransport mmio = new MmioTransport(device,
                MmioInterrupt.level(asserted -> machine.interrupt(5, asserted)));
        MmioWindow window = mmio.window(0xd000_0000L, 5);
        machine.map(window.base(), window.size(), mmio::read, mmio::write);
        machine.appendToCommandLine(window.kernelParameter());
        // end::mmio[]
        return device;
    }
}
