// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.pci;

import io.virtio4j.core.wire.Le16;
import io.virtio4j.core.wire.Le32;
import io.virtio4j.core.wire.StructLayout;

/** The MSI-X capability. [PCI] */
final class MsixCapability {

    private static final StructLayout LAYOUT = StructLayout.of("MSI-X capability");

    static {
        LAYOUT.u8("Capability ID");
        LAYOUT.u8("Next Pointer");
    }

    static final Le16 MESSAGE_CONTROL = LAYOUT.le16("Message Control");
    static final Le32 TABLE = LAYOUT.le32("Table Offset/Table BIR");
    static final Le32 PENDING_BITS = LAYOUT.le32("PBA Offset/PBA BIR");
    static final int SIZE = LAYOUT.size(12);

    /** In Message Control: how many vectors there are, less one. */
    static final int TABLE_SIZE = 0x7FF;

    static final int FUNCTION_MASK = 1 << 14;
    static final int ENABLE = 1 << 15;

    private final ConfigBytes config;
    private final int at;

    MsixCapability(
            ConfigBytes config, CapabilityList list, int vectors, BarArea table, BarArea pendingBits) {
        this.config = config;
        at = list.add(CapabilityList.MSIX, SIZE);
        // > Device MUST report the number of vectors supported in Table Size in the MSI-X Capability as
        // > specified in [PCI]. [MSI-X Vector Configuration]
        config.declare(at, MESSAGE_CONTROL, vectors - 1, ENABLE | FUNCTION_MASK);
        config.declare(at, TABLE, table.offset() | table.bar(), 0);
        config.declare(at, PENDING_BITS, pendingBits.offset() | pendingBits.bar(), 0);
    }

    boolean isEnabled() {
        return (config.get(at, MESSAGE_CONTROL) & ENABLE) != 0;
    }

    boolean isMasked() {
        return (config.get(at, MESSAGE_CONTROL) & FUNCTION_MASK) != 0;
    }
}
