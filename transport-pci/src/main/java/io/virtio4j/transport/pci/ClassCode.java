// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.pci;

import io.virtio4j.core.device.DeviceType;

/** PCI class codes: base class, sub-class and programming interface, 24 bits. [PCI Code and ID Assignment] */
final class ClassCode {

    private static final int STORAGE_SCSI = 0x01_00_00;
    private static final int STORAGE_OTHER = 0x01_80_00;
    private static final int NETWORK_ETHERNET = 0x02_00_00;
    private static final int DISPLAY_OTHER = 0x03_80_00;
    private static final int MULTIMEDIA_AUDIO = 0x04_01_00;
    private static final int COMMUNICATION_OTHER = 0x07_80_00;
    private static final int SERIAL_BUS_OTHER = 0x0C_80_00;
    /** Fits into no class that is defined. */
    static final int UNASSIGNED = 0xFF_00_00;

    private ClassCode() {}

    /** What a device of this type shows unless the embedder chooses. */
    static int of(DeviceType type) {
        return switch (type.id()) {
            case 1 -> NETWORK_ETHERNET;
            case 2, 8 -> STORAGE_SCSI;
            case 3, 32 -> COMMUNICATION_OTHER;
            case 16 -> DISPLAY_OTHER;
            case 25 -> MULTIMEDIA_AUDIO;
            case 26 -> STORAGE_OTHER;
            case 34 -> SERIAL_BUS_OTHER;
            default -> UNASSIGNED;
        };
    }

    /** What an embedder has chosen. */
    static int checked(int code) {
        if (code < 0 || code > 0xFF_FFFF) {
            throw new IllegalArgumentException("class code has 24 bits: code=0x" + Integer.toHexString(code));
        }
        return code;
    }
}
