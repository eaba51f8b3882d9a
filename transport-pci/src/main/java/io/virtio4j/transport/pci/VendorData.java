// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.pci;

/**
 * Data that a vendor shows to drivers, for debugging and reporting. [Vendor data capability]
 *
 * @param vendorId which vendor's format it is; a PCI vendor ID other than 0x1AF4
 * @param data read-only for the driver; padded with zeroes
 */
public record VendorData(int vendorId, byte[] data) {

    /** Checks the id, and keeps a copy of the data. */
    public VendorData {
        // > The value vendor_id MUST NOT equal 0x1AF4.
        if (vendorId < 0 || vendorId > 0xFFFF || vendorId == PciTransportBuilder.VIRTIO_VENDOR) {
            throw new IllegalArgumentException("vendor data needs a PCI vendor ID of its own, which 0x1AF4"
                    + " is not: vendorId=0x" + Integer.toHexString(vendorId));
        }
        data = data.clone();
    }

    /** A copy of the data. */
    @Override
    public byte[] data() {
        return data.clone();
    }
}
