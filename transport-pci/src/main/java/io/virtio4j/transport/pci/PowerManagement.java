// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.pci;

/** What a return from D3hot to D0 means. [PCI Power Management] */
public enum PowerManagement {
    /** No power management capability; PCI Express functions must have one. */
    NONE,
    /** The function is reset. */
    SOFT_RESET,
    /** Everything is kept: No_Soft_Reset is set. */
    NO_SOFT_RESET
}
