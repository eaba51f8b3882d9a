// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import io.virtio4j.core.memory.GuestMemory;
import io.virtio4j.core.memory.SharedMemoryRegion;
import io.virtio4j.core.transport.DeviceInstance;
import io.virtio4j.host.linux.MemoryFile;
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
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A device on MMIO in a guest of QEMU's: BAR 0 of a PCI function that no driver claims is its register
 * window, and the function's INTx its interrupt. Linux is told on its command line where that is. Memory that the
 * device shares is in the BAR of another function, since QEMU takes away for a second what it has mapped of a function
 * whose INTx is asserted.
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
            MmioTransport mmio = new MmioTransport(device, MmioInterrupt.level(pin::set),
                MmioTransport.DEFAULT_VENDOR_ID, sharedMemoryBases(device));
            PlainPciFunction carrier = PlainPciFunction.of(0x1234, 0x0001)
                .bar(new PciBar(0, BarType.MEMORY_32, 4096), BarRegisters.of(mmio::read, mmio::write))
                .interruptPin(pin)
                .onReset(mmio::reset)
                .build();
            return new VfioUserFunction(carrier, device.memory(), true, 0);
        });
    }
    // end::carrier[]

    // tag::memory[]
    static VfioUserServerBuilder server(MemoryFile sharedMemory) {
        return VfioUserServer.of(interrupts -> {
            PlainPciFunction carrier = PlainPciFunction.of(0x1234, 0x0002)
                .bar(memoryBar(sharedMemory.length()), sharedMemory.segment())
                .build();
            return new VfioUserFunction(carrier, new GuestMemory(), false, 0);
        }).sharedMemory(sharedMemory);
    }
    // end::memory[]

    private static PciBar memoryBar(long length) {
        return new PciBar(0, BarType.MEMORY_32_PREFETCHABLE, length);
    }

    private static Map<Integer, Long> sharedMemoryBases(DeviceInstance device) {
        Map<Integer, Long> bases = new HashMap<>();
        for (SharedMemoryRegion region : device.sharedMemory()) {
            bases.put(region.id(), memoryBase(region.length()));
        }
        return bases;
    }

    /** Where the firmware puts the one prefetchable BAR that there is: below the registers, which are less than it. */
    static long memoryBase(long length) {
        return (PCI_MEMORY_END - 1 & -length) - length;
    }

    /** Fails if the firmware did otherwise. */
    static void checkMemory(LinuxGuest guest, int slot, long length) {
        check(guest, slot, "%#018x".formatted(memoryBase(length)), "echo $start");
    }

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
        check(guest, slot, "0x%016x %d".formatted(expected.base(), expected.interrupt()), "echo $start $(cat irq)");
    }

    private static void check(LinuxGuest guest, int slot, String wanted, String show) {
        String found = guest.run("""
            cd /sys/bus/pci/devices/0000:00:%02x.0
            read start end flags < resource
            %s
            """.formatted(slot, show)).success();
        if (!found.equals(wanted)) {
            throw new GuestFailure("the firmware put a carrier elsewhere than this machine's did so far,"
                + " MmioCarrier has to follow: slot=" + slot + " expected=" + wanted + " found="
                + found);
        }
    }
}
