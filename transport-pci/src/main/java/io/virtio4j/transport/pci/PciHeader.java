// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.pci;

import io.virtio4j.core.wire.Le16;
import io.virtio4j.core.wire.Le32;
import io.virtio4j.core.wire.StructLayout;
import io.virtio4j.core.wire.U8;
import java.util.List;

/** The configuration header of type 0. [PCI] */
final class PciHeader {

    private static final StructLayout LAYOUT = StructLayout.of("type 0 configuration space header");

    static final Le16 VENDOR_ID = LAYOUT.le16("Vendor ID");
    static final Le16 DEVICE_ID = LAYOUT.le16("Device ID");
    static final Le16 COMMAND = LAYOUT.le16("Command");
    static final Le16 STATUS = LAYOUT.le16("Status");
    static final U8 REVISION_ID = LAYOUT.u8("Revision ID");
    static final U8 PROGRAMMING_INTERFACE = LAYOUT.u8("Programming Interface");
    static final U8 SUB_CLASS = LAYOUT.u8("Sub-Class Code");
    static final U8 BASE_CLASS = LAYOUT.u8("Base Class Code");
    static final U8 CACHE_LINE_SIZE = LAYOUT.u8("Cache Line Size");
    static final U8 LATENCY_TIMER = LAYOUT.u8("Latency Timer");
    static final U8 HEADER_TYPE = LAYOUT.u8("Header Type");
    static final U8 BIST = LAYOUT.u8("BIST");
    private static final Le32[] BASE_ADDRESS = {
        LAYOUT.le32("Base Address Register 0"),
        LAYOUT.le32("Base Address Register 1"),
        LAYOUT.le32("Base Address Register 2"),
        LAYOUT.le32("Base Address Register 3"),
        LAYOUT.le32("Base Address Register 4"),
        LAYOUT.le32("Base Address Register 5"),
    };
    static final Le32 CARDBUS_CIS_POINTER = LAYOUT.le32("Cardbus CIS Pointer");
    static final Le16 SUBSYSTEM_VENDOR_ID = LAYOUT.le16("Subsystem Vendor ID");
    static final Le16 SUBSYSTEM_ID = LAYOUT.le16("Subsystem ID");
    static final Le32 EXPANSION_ROM = LAYOUT.le32("Expansion ROM Base Address");
    static final U8 CAPABILITIES_POINTER = LAYOUT.u8("Capabilities Pointer");

    static {
        LAYOUT.bytes("Reserved", 7);
    }

    static final U8 INTERRUPT_LINE = LAYOUT.u8("Interrupt Line");
    static final U8 INTERRUPT_PIN = LAYOUT.u8("Interrupt Pin");
    static final U8 MIN_GNT = LAYOUT.u8("Min_Gnt");
    static final U8 MAX_LAT = LAYOUT.u8("Max_Lat");
    static final int SIZE = LAYOUT.size(64);

    // Command
    static final int IO_SPACE = 1;
    static final int MEMORY_SPACE = 1 << 1;
    static final int BUS_MASTER = 1 << 2;
    static final int PARITY_ERROR_RESPONSE = 1 << 6;
    static final int SERR_ENABLE = 1 << 8;
    static final int INTERRUPT_DISABLE = 1 << 10;

    // Status
    static final int INTERRUPT_STATUS = 1 << 3;
    static final int CAPABILITIES_LIST = 1 << 4;

    /** In Header Type: other functions of the device answer too. */
    static final int MULTI_FUNCTION = 0x80;

    private final ConfigBytes config;

    /**
     * What the registers say.
     *
     * @param classCode base class, sub-class and programming interface
     * @param interruptPin 1 to 4, or 0 for none
     * @param conventional whether Latency Timer can be written, which PCI Express has no use for
     * @param hasCapabilities whether there is a capability list
     */
    record Identity(
            int vendorId, int deviceId, int revision, int classCode, int subsystemVendor, int subsystemId,
            int interruptPin, boolean conventional, boolean hasCapabilities) {}

    /** Declares all registers but BARs and the capabilities pointer. */
    PciHeader(ConfigBytes config, Identity identity, List<PciBar> bars) {
        this.config = config;
        boolean hasIo = bars.stream().anyMatch(bar -> bar.type().isIo());
        boolean hasMemory = bars.stream().anyMatch(bar -> !bar.type().isIo());
        config.declare(0, VENDOR_ID, identity.vendorId, 0);
        config.declare(0, DEVICE_ID, identity.deviceId, 0);
        config.declare(0, COMMAND, 0, BUS_MASTER | PARITY_ERROR_RESPONSE | SERR_ENABLE
                | (hasIo ? IO_SPACE : 0)
                | (hasMemory ? MEMORY_SPACE : 0)
                | (identity.interruptPin != 0 ? INTERRUPT_DISABLE : 0));
        config.declare(0, STATUS, identity.hasCapabilities ? CAPABILITIES_LIST : 0, 0);
        config.declare(0, REVISION_ID, identity.revision, 0);
        config.declare(0, PROGRAMMING_INTERFACE, identity.classCode, 0);
        config.declare(0, SUB_CLASS, identity.classCode >>> 8, 0);
        config.declare(0, BASE_CLASS, identity.classCode >>> 16, 0);
        config.declare(0, CACHE_LINE_SIZE, 0, 0xFF);
        config.declare(0, LATENCY_TIMER, 0, identity.conventional ? 0xFF : 0);
        config.declare(0, SUBSYSTEM_VENDOR_ID, identity.subsystemVendor, 0);
        config.declare(0, SUBSYSTEM_ID, identity.subsystemId, 0);
        config.declare(0, INTERRUPT_LINE, 0, 0xFF);
        config.declare(0, INTERRUPT_PIN, identity.interruptPin, 0);
    }

    static Le32 baseAddress(int bar) {
        return BASE_ADDRESS[bar];
    }

    int command() {
        return config.get(0, COMMAND);
    }

    /** What is read with Interrupt Status set, which follows from ISR status and is kept nowhere else. */
    static long withInterruptStatus(int offset, int width, long value) {
        return withBit(STATUS.offset(), INTERRUPT_STATUS, offset, width, value);
    }

    /** What the bus shows where some other function of the device answers too. */
    static long withMultiFunction(int offset, int width, long value) {
        return withBit(HEADER_TYPE.offset(), MULTI_FUNCTION, offset, width, value);
    }

    private static long withBit(int register, int bit, int offset, int width, long value) {
        int at = register - offset;
        return at >= 0 && at < width ? value | (long) bit << (8 * at) : value;
    }
}
