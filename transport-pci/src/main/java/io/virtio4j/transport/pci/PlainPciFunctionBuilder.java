// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.pci;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The choices for a {@link PlainPciFunction}; each has a default that suits most. */
public final class PlainPciFunctionBuilder {

    /** A vendor ID that nobody has: what a bus reads where there is no function. */
    private static final int NOBODY = 0xFFFF;

    private final int vendorId;
    private final int deviceId;
    private int revision;
    private int classCode = ClassCode.UNASSIGNED;
    private int subsystemVendor;
    private int subsystemId;
    private int pinNumber;
    final Map<PciBar, BarRegisters> registers = new LinkedHashMap<>();
    final List<BarMemory> memory = new ArrayList<>();
    @Nullable InterruptPin pin;
    Runnable onReset = () -> {};

    PlainPciFunctionBuilder(int vendorId, int deviceId) {
        if (vendorId < 0 || vendorId >= NOBODY || deviceId < 0 || deviceId > 0xFFFF) {
            throw new IllegalArgumentException("IDs have 16 bits, and vendor 0xffff is nobody's: vendor=0x"
                    + Integer.toHexString(vendorId) + " device=0x" + Integer.toHexString(deviceId));
        }
        this.vendorId = vendorId;
        this.deviceId = deviceId;
    }

    /** Revision ID: 8 bits. Default: 0. */
    public PlainPciFunctionBuilder revision(int id) {
        if (id < 0 || id > 0xFF) {
            throw new IllegalArgumentException("revision has 8 bits: revision=" + id);
        }
        revision = id;
        return this;
    }

    /** Base class, sub-class and programming interface: 24 bits. Default: 0xFF0000, which no class fits. */
    public PlainPciFunctionBuilder classCode(int code) {
        classCode = ClassCode.checked(code);
        return this;
    }

    /** Subsystem Vendor ID and Subsystem ID: 16 bits each. Default: 0, as functions without have them. */
    public PlainPciFunctionBuilder subsystem(int vendor, int id) {
        if (vendor < 0 || vendor > 0xFFFF || id < 0 || id > 0xFFFF) {
            throw new IllegalArgumentException("subsystem IDs have 16 bits: vendor=" + vendor + " id=" + id);
        }
        subsystemVendor = vendor;
        subsystemId = id;
        return this;
    }

    /**
     * Gives the function a BAR.
     *
     * @param answers what is in it
     */
    public PlainPciFunctionBuilder bar(PciBar bar, BarRegisters answers) {
        long taken = 0;
        for (PciBar other : registers.keySet()) {
            taken |= bits(other);
        }
        if ((taken & bits(bar)) != 0) {
            throw new IllegalArgumentException("BAR is there already, as one of its own or as the upper half of"
                    + " the one before: bar=" + bar + " bars=" + registers.keySet());
        }
        registers.put(bar, answers);
        return this;
    }

    /**
     * Gives the function a BAR with memory, such as what an MMIO device has for its driver to map. What is beyond the
     * memory reads as 0.
     *
     * @param segment native, at most as large as the BAR; valid as long as the function
     */
    public PlainPciFunctionBuilder bar(PciBar bar, MemorySegment segment) {
        if (!segment.isNative() || segment.isReadOnly() || segment.byteSize() > bar.size()) {
            throw new IllegalArgumentException("memory in a BAR has to be native, writable, and not larger than the"
                    + " BAR: bar=" + bar + " native=" + segment.isNative() + " readOnly=" + segment.isReadOnly()
                    + " length=" + segment.byteSize());
        }
        SharedMemoryArea area = new SharedMemoryArea(segment);
        bar(bar, BarRegisters.of(area::read, area::write));
        memory.add(new BarMemory(bar.index(), 0, segment));
        return this;
    }

    private static int bits(PciBar bar) {
        return (bar.type().is64Bit() ? 3 : 1) << bar.index();
    }

    /** Gives the function an INTx pin, INTA#. Default: no interrupts. */
    public PlainPciFunctionBuilder interruptPin(InterruptPin newPin) {
        return interruptPin(newPin, 1);
    }

    /**
     * Gives the function an INTx pin.
     *
     * @param newPin of this function alone
     * @param number 1 is INTA#, 4 is INTD#
     */
    public PlainPciFunctionBuilder interruptPin(InterruptPin newPin, int number) {
        if (number < 1 || number > 4) {
            throw new IllegalArgumentException("interrupt pin has to be 1 (INTA#) to 4 (INTD#): pin=" + number);
        }
        pin = newPin;
        pinNumber = number;
        return this;
    }

    /** Runs when the function is reset; must end what stands behind the registers. Default: nothing. */
    public PlainPciFunctionBuilder onReset(Runnable action) {
        onReset = action;
        return this;
    }

    PciHeader.Identity identity() {
        return new PciHeader.Identity(vendorId, deviceId, revision, classCode, subsystemVendor, subsystemId,
                pinNumber, true, false);
    }

    /** Makes the function. */
    public PlainPciFunction build() {
        return new PlainPciFunction(this);
    }
}
