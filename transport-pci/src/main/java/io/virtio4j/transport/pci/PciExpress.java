// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.pci;

/** What kind of PCI Express device a function is. [PCIe] */
public enum PciExpress {
    /** None: a conventional PCI function, with 256 bytes of configuration space. */
    NONE(0),
    /** An endpoint behind a root port or a switch. */
    ENDPOINT(0x0),
    /** An endpoint on the root bus. */
    INTEGRATED_ENDPOINT(0x9);

    private final int portType;

    PciExpress(int portType) {
        this.portType = portType;
    }

    /** The Device/Port Type of the capability. */
    int portType() {
        return portType;
    }
}
