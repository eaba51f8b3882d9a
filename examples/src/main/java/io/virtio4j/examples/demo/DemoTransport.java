// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.examples.demo;

import io.virtio4j.core.transport.DeviceInstance;
import io.virtio4j.testkit.DriverPort;
import io.virtio4j.testkit.InterruptProbe;
import io.virtio4j.testkit.MmioPort;
import io.virtio4j.testkit.PciAccess;
import io.virtio4j.testkit.PciPort;
import io.virtio4j.testkit.RegisterAccess;
import io.virtio4j.transport.mmio.MmioInterrupt;
import io.virtio4j.transport.mmio.MmioTransport;
import io.virtio4j.transport.pci.PciBus;
import io.virtio4j.transport.pci.PciInterrupts;
import io.virtio4j.transport.pci.PciTransport;

/** How the machine reaches a device. */
enum DemoTransport {

    /** A function on a PCI bus, whose BARs the driver places, with a message for each queue. */
    PCI {
        @Override
        DriverPort connect(DeviceInstance device, InterruptProbe interrupts) {
            PciBus bus = new PciBus();
            bus.add(SLOT, 0, PciTransport.of(device, new PciInterrupts() {
                @Override
                public void message(int vector, long address, int data) {
                    interrupts.raise(data);
                }

                @Override
                public void intx(boolean asserted) {
                    interrupts.level(PciPort.INTX, asserted);
                }
            }).build());
            return new PciPort(PciAccess.of(SLOT << 15,
                    bus::readEcam, bus::writeEcam, bus::readMemory, bus::writeMemory), interrupts);
        }
    },

    /** A window of registers and a level-triggered interrupt. */
    MMIO {
        @Override
        DriverPort connect(DeviceInstance device, InterruptProbe interrupts) {
            MmioTransport mmio =
                    new MmioTransport(device, MmioInterrupt.level(high -> interrupts.level(0, high)));
            return new MmioPort(RegisterAccess.of(mmio::read, mmio::write), interrupts);
        }
    };

    /** Where the function sits on its bus. */
    private static final int SLOT = 3;

    /** Puts a transport in front of a device, and finds the device as a driver does. */
    abstract DriverPort connect(DeviceInstance device, InterruptProbe interrupts);
}
