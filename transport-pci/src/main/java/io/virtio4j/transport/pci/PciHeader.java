// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.pci;

import io.virtio4j.core.wire.Le16;
import io.virtio4j.core.wire.Le32;
import io.virtio4j.core.wire.StructLayout;
import io.virtio4j.core.wire.U8;

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

    /** Of virtio devices. */
    static final int VIRTIO_VENDOR = 0x1AF4;

    /** Device IDs start here, plus the virtio device ID. */
    static final int VIRTIO_DEVICE_BASE = 0x1040;

    private final ConfigBytes config;

    /** Declares all registers but BARs and the capabilities pointer. */
    PciHeader(ConfigBytes config, PciTransportBuilder from, boolean hasIo, boolean hasMemory) {
        this.config = config;
        int deviceId = VIRTIO_DEVICE_BASE + from.device.type().id();
        // > Devices MUST have the PCI Vendor ID 0x1AF4. [PCI Device Discovery]
        config.declare(0, VENDOR_ID, VIRTIO_VENDOR, 0);
        config.declare(0, DEVICE_ID, deviceId, 0);
        config.declare(0, COMMAND, 0, BUS_MASTER | PARITY_ERROR_RESPONSE | SERR_ENABLE
                | (hasIo ? IO_SPACE : 0)
                | (hasMemory ? MEMORY_SPACE : 0)
                | (from.interruptPin != 0 ? INTERRUPT_DISABLE : 0));
        config.declare(0, STATUS, CAPABILITIES_LIST, 0);
        // > Non-transitional devices SHOULD have a PCI Revision ID of 1 or higher.
        config.declare(0, REVISION_ID, 1, 0);
        config.declare(0, PROGRAMMING_INTERFACE, from.classCode, 0);
        config.declare(0, SUB_CLASS, from.classCode >>> 8, 0);
        config.declare(0, BASE_CLASS, from.classCode >>> 16, 0);
        config.declare(0, CACHE_LINE_SIZE, 0, 0xFF);
        config.declare(0, LATENCY_TIMER, 0, from.express == PciExpress.NONE ? 0xFF : 0);
        config.declare(0, SUBSYSTEM_VENDOR_ID, from.subsystemVendor, 0);
        config.declare(0, SUBSYSTEM_ID, from.subsystemDevice, 0);
        config.declare(0, INTERRUPT_LINE, 0, 0xFF);
        config.declare(0, INTERRUPT_PIN, from.interruptPin, 0);
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
