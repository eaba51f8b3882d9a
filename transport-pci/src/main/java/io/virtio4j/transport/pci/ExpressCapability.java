// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.pci;

import io.virtio4j.core.wire.Le16;
import io.virtio4j.core.wire.Le32;
import io.virtio4j.core.wire.StructLayout;

/** The PCI Express capability of an endpoint, with function level reset. [PCIe] */
final class ExpressCapability {

    private static final StructLayout LAYOUT = StructLayout.of("PCI Express capability");

    static {
        LAYOUT.u8("Capability ID");
        LAYOUT.u8("Next Pointer");
    }

    static final Le16 CAPABILITIES = LAYOUT.le16("PCI Express Capabilities");
    static final Le32 DEVICE_CAPABILITIES = LAYOUT.le32("Device Capabilities");
    static final Le16 DEVICE_CONTROL = LAYOUT.le16("Device Control");
    static final Le16 DEVICE_STATUS = LAYOUT.le16("Device Status");
    static final Le32 LINK_CAPABILITIES = LAYOUT.le32("Link Capabilities");
    static final Le16 LINK_CONTROL = LAYOUT.le16("Link Control");
    static final Le16 LINK_STATUS = LAYOUT.le16("Link Status");

    static {
        LAYOUT.bytes("Slot and Root registers", 16);
        LAYOUT.bytes("Device Capabilities 2, Control 2, Status 2", 8);
    }

    static final Le32 LINK_CAPABILITIES_2 = LAYOUT.le32("Link Capabilities 2");
    static final Le16 LINK_CONTROL_2 = LAYOUT.le16("Link Control 2");

    static {
        LAYOUT.le16("Link Status 2");
        LAYOUT.bytes("Slot Capabilities 2, Control 2, Status 2", 8);
    }

    static final int SIZE = LAYOUT.size(60);

    private static final int VERSION = 2;

    // Device Capabilities
    private static final long ROLE_BASED_ERROR_REPORTING = 1 << 15;
    private static final long FUNCTION_LEVEL_RESET = 1 << 28;

    // Device Control: error reporting, relaxed ordering, payload size, no snoop, read request size
    private static final int DEVICE_CONTROL_DEFAULT = 0x2810;
    private static final int DEVICE_CONTROL_WRITABLE = 0x78FF;
    static final int INITIATE_FUNCTION_LEVEL_RESET = 1 << 15;

    // Link: one lane, 2.5 GT/s
    private static final int ONE_LANE_2_5 = 0x011;
    private static final int LINK_CONTROL_WRITABLE = 0x00CB; // ASPM, RCB, common clock, extended synch
    private static final int SPEED_2_5 = 0x1;

    private final int at;

    ExpressCapability(ConfigBytes config, CapabilityList list, PciExpress kind) {
        at = list.add(CapabilityList.PCI_EXPRESS, SIZE);
        config.declare(at, CAPABILITIES, VERSION | kind.portType() << 4, 0);
        config.declare(at, DEVICE_CAPABILITIES, ROLE_BASED_ERROR_REPORTING | FUNCTION_LEVEL_RESET, 0);
        config.declare(at, DEVICE_CONTROL, DEVICE_CONTROL_DEFAULT, DEVICE_CONTROL_WRITABLE);
        if (kind == PciExpress.ENDPOINT) {
            // What is integrated into the root complex has no link.
            config.declare(at, LINK_CAPABILITIES, ONE_LANE_2_5, 0);
            config.declare(at, LINK_CONTROL, 0, LINK_CONTROL_WRITABLE);
            config.declare(at, LINK_STATUS, ONE_LANE_2_5, 0);
            config.declare(at, LINK_CAPABILITIES_2, SPEED_2_5 << 1, 0);
            config.declare(at, LINK_CONTROL_2, SPEED_2_5, 0xF);
        }
    }

    /** Whether a write begins a function level reset. The bit always reads 0. */
    boolean isFunctionLevelReset(int offset, int width, long value) {
        int high = at + DEVICE_CONTROL.offset() + 1 - offset;
        return high >= 0 && high < width && (value >>> (8 * high) & INITIATE_FUNCTION_LEVEL_RESET >> 8) != 0;
    }
}
