// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.pci;

import io.virtio4j.core.wire.Le16;
import io.virtio4j.core.wire.Le32;
import io.virtio4j.core.wire.StructLayout;
import io.virtio4j.core.wire.U8;

/** {@code struct virtio_pci_cap} and what follows it. [Virtio Structure PCI Capabilities] */
final class VirtioCapability {

    private static final StructLayout CAP = StructLayout.of("virtio_pci_cap");

    static {
        CAP.u8("cap_vndr");
        CAP.u8("cap_next");
    }

    static final U8 CAP_LEN = CAP.u8("cap_len");
    static final U8 CFG_TYPE = CAP.u8("cfg_type");
    static final U8 BAR = CAP.u8("bar");
    static final U8 ID = CAP.u8("id");

    static {
        CAP.bytes("padding", 2);
    }

    static final Le32 OFFSET = CAP.le32("offset");
    static final Le32 LENGTH = CAP.le32("length");
    static final int SIZE = CAP.size(16);

    /** {@code struct virtio_pci_notify_cap} */
    static final Le32 NOTIFY_OFF_MULTIPLIER = new Le32(SIZE);
    static final int NOTIFY_SIZE = SIZE + 4;

    /** {@code struct virtio_pci_cap64} */
    static final Le32 OFFSET_HI = new Le32(SIZE);
    static final Le32 LENGTH_HI = new Le32(SIZE + 4);
    static final int SIZE_64 = SIZE + 8;

    /** {@code struct virtio_pci_cfg_cap} */
    static final Le32 PCI_CFG_DATA = new Le32(SIZE);
    static final int PCI_CFG_SIZE = SIZE + 4;

    /** {@code struct virtio_pci_vndr_data} */
    static final Le16 VENDOR_ID = new Le16(4);
    static final int VENDOR_DATA = 6;

    // cfg_type
    static final int COMMON_CFG = 1;
    static final int NOTIFY_CFG = 2;
    static final int ISR_CFG = 3;
    static final int DEVICE_CFG = 4;
    static final int PCI_CFG = 5;
    static final int SHARED_MEMORY_CFG = 8;
    static final int VENDOR_CFG = 9;

    private VirtioCapability() {}

    /** Adds one that says where a structure is. */
    static int add(ConfigBytes config, CapabilityList list, int type, int length, BarArea where) {
        int at = list.add(CapabilityList.VENDOR_SPECIFIC, length);
        // > The device MUST include any extra data (from the beginning of the cap_vndr field through end of
        // > the extra data fields if any) in cap_len.
        config.declare(at, CAP_LEN, length, 0);
        config.declare(at, CFG_TYPE, type, 0);
        config.declare(at, BAR, where.bar(), 0);
        config.declare(at, OFFSET, where.offset(), 0);
        config.declare(at, LENGTH, where.length(), 0);
        return at;
    }

    /** [Notification structure layout] */
    static void addNotify(ConfigBytes config, CapabilityList list, BarArea where, int multiplier) {
        int at = add(config, list, NOTIFY_CFG, NOTIFY_SIZE, where);
        config.declare(at, NOTIFY_OFF_MULTIPLIER, multiplier, 0);
    }

    /** [Shared memory capability] */
    static void addSharedMemory(ConfigBytes config, CapabilityList list, BarArea where, int id) {
        int at = add(config, list, SHARED_MEMORY_CFG, SIZE_64, where);
        config.declare(at, ID, id, 0);
        config.declare(at, OFFSET_HI, where.offset() >>> 32, 0);
        config.declare(at, LENGTH_HI, where.length() >>> 32, 0);
    }

    /** [PCI configuration access capability] */
    static int addPciCfg(ConfigBytes config, CapabilityList list) {
        int at = list.add(CapabilityList.VENDOR_SPECIFIC, PCI_CFG_SIZE);
        config.declare(at, CAP_LEN, PCI_CFG_SIZE, 0);
        config.declare(at, CFG_TYPE, PCI_CFG, 0);
        // > The fields cap.bar, cap.length, cap.offset and pci_cfg_data are read-write (RW) for the driver.
        config.declare(at, BAR, 0, 0xFF);
        config.declare(at, OFFSET, 0, 0xFFFF_FFFFL);
        config.declare(at, LENGTH, 0, 0xFFFF_FFFFL);
        config.declare(at, PCI_CFG_DATA, 0, 0xFFFF_FFFFL);
        return at;
    }

    /** [Vendor data capability] */
    static void addVendorData(ConfigBytes config, CapabilityList list, VendorData vendor) {
        byte[] data = vendor.data();
        // > The size of the Vendor data capability MUST be a multiple of 4 bytes.
        int length = VENDOR_DATA + data.length + 3 & ~3;
        int at = list.add(CapabilityList.VENDOR_SPECIFIC, length);
        config.declare(at, CAP_LEN, length, 0);
        config.declare(at, CFG_TYPE, VENDOR_CFG, 0);
        config.declare(at, VENDOR_ID, vendor.vendorId(), 0);
        for (int i = 0; i < data.length; i++) {
            config.declare(at, new U8(VENDOR_DATA + i), data[i], 0);
        }
    }
}
