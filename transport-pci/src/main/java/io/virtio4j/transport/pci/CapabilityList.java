// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.pci;

import io.virtio4j.core.wire.U8;

/** The capability list: each capability names its id and where the next one is. [PCI] */
final class CapabilityList {

    static final int POWER_MANAGEMENT = 0x01;
    static final int VENDOR_SPECIFIC = 0x09;
    static final int PCI_EXPRESS = 0x10;
    static final int MSIX = 0x11;

    /** Capabilities lie in the first 256 bytes, also where configuration space is larger. */
    private static final int END = 0x100;

    private static final U8 ID = new U8(0);
    private static final U8 NEXT = new U8(1);

    private final ConfigBytes config;
    private int end = PciHeader.SIZE;
    private int last = -1;

    CapabilityList(ConfigBytes config) {
        this.config = config;
    }

    /**
     * Appends a capability.
     *
     * @param length bytes
     * @return where it starts; id and next pointer are filled in
     */
    int add(int id, int length) {
        int at = end;
        if (length > END - at) {
            throw new IllegalArgumentException("capabilities do not fit into configuration space: leave out"
                    + " vendor data, MSI-X or PCI Express, or give the device fewer shared memory regions:"
                    + " capability=0x" + Integer.toHexString(id) + " length=" + length + " left="
                    + (END - at));
        }
        config.declare(at, ID, id, 0);
        if (last < 0) {
            config.declare(0, PciHeader.CAPABILITIES_POINTER, at, 0);
        } else {
            config.declare(last, NEXT, at, 0);
        }
        last = at;
        end = at + (length + 3 & ~3);
        return at;
    }
}
