// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import io.virtio4j.core.transport.DeviceInstance;
import io.virtio4j.transport.mmio.MmioInterrupt;
import io.virtio4j.transport.mmio.MmioTransport;
import io.virtio4j.transport.mmio.MmioWindow;
import io.virtio4j.transport.pci.BarRegisters;
import io.virtio4j.transport.pci.BarType;
import io.virtio4j.transport.pci.InterruptPin;
import io.virtio4j.transport.pci.PciBar;
import io.virtio4j.transport.pci.PlainPciFunction;
import io.virtio4j.transport.vfiouser.VfioUserFunction;
import io.virtio4j.transport.vfiouser.VfioUserServer;
import io.virtio4j.transport.vfiouser.VfioUserServerBuilder;
import java.util.List;

/**
 * A device on MMIO in a guest of QEMU's: BAR 0 of a PCI function that no driver claims is its register
 * window, and the function's INTx its interrupt. Linux is told on its command line where that is.
 */
final class MmioCarrier {

    /** Where the firmware of QEMU's machine "pc" ends the memory of PCI functions. */
    private static final long PCI_MEMORY_END = 0xFEC0_0000L;

    private static final int BAR_SIZE = 4096;
    private static final int WINDOW_SIZE = 512;

    /**
     * The interrupt of the link that INTA# of slots 3, 7, 11 ... goes to on this machine. Which one the other
     * slots get is for Linux to choose.
     */
    private static final int INTERRUPT = 11;

    private MmioCarrier() {}

    // tag::carrier[]
    static VfioUserServerBuilder server(DeviceInstance device) {
        return VfioUserServer.of(interrupts -> {
            InterruptPin pin = new InterruptPin(interrupts);
            MmioTransport mmio = new MmioTransport(device, MmioInterrupt.level(pin::set));
            PlainPciFunction carrier = PlainPciFunction.of(0x1234, 0x0001)
                .bar(new PciBar(0, BarType.MEMORY_32, 4096), BarRegisters.of(mmio::read, mmio::write))
                .interruptPin(pin)
                .onReset(mmio::reset)
                .build();
            return new VfioUserFunction(carrier, device.memory(), true, 0);
        });
    }
    // end::carrier[]

    /**
     * Where the firmware puts a carrier. It gives the smallest BARs the highest addresses, and no other
     * function here has one as small.
     *
     * @param slots of all carriers, ascending: 3, 7, 11 ...
     */
    static MmioWindow window(List<Integer> slots, int slot) {
        if (slot % 4 != 3) {
            throw new IllegalArgumentException("carriers are for slots 3, 7, 11 ...: slot=" + slot);
        }
        long base = PCI_MEMORY_END - (long) BAR_SIZE * (slots.size() - slots.indexOf(slot));
        return new MmioWindow(base, WINDOW_SIZE, INTERRUPT);
    }

    /** Fails if the firmware did otherwise: then nobody would find the device. */
    static void check(LinuxGuest guest, int slot, MmioWindow expected) {
        String found = guest.run("""
            cd /sys/bus/pci/devices/0000:00:%02x.0
            read start end flags < resource
            echo $start $(cat irq)
            """.formatted(slot)).success();
        String wanted = "0x%016x %d".formatted(expected.base(), expected.interrupt());
        if (!found.equals(wanted)) {
            throw new GuestFailure("the firmware put a carrier elsewhere than this machine's did so far,"
                + " MmioCarrier.window has to follow: slot=" + slot + " expected=" + wanted + " found="
                + found);
        }
    }
}
