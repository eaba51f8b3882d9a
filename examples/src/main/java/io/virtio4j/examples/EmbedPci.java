// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.examples;

import io.virtio4j.blk.BlockDevice;
import io.virtio4j.blk.FileBackend;
import io.virtio4j.core.transport.DeviceInstance;
import io.virtio4j.transport.pci.PciBus;
import io.virtio4j.transport.pci.PciInterrupts;
import io.virtio4j.transport.pci.PciTransport;
import java.io.IOException;
import java.nio.file.Path;

/** A disk on a PCI bus in a machine of one's own. */
final class EmbedPci {

    /** Where the machine has configuration space in its memory map. */
    static final long ECAM = 0xb000_0000L;

    private EmbedPci() {}

    static DeviceInstance addDisk(EmbedMachine machine, Path image) throws IOException {
        // tag::pci[]
        BlockDevice disk = new BlockDevice(FileBackend.open(image));
        DeviceInstance device = DeviceInstance.of(disk).memory(machine.memory()).build();
        PciBus bus = new PciBus();
        bus.add(3, 0, PciTransport.of(device, new PciInterrupts() {
            public void message(int vector, long address, int data) { machine.message(address, data); }
            public void intx(boolean asserted) { machine.interrupt(11, asserted); }
        }).build());
        machine.map(ECAM, 1 << 20, bus::readEcam, bus::writeEcam);
        machine.mapOthers(bus::readMemory, bus::writeMemory);
        // end::pci[]
        return device;
    }
}
