// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.pci;

/**
 * Learns where the driver places BARs. Called one call at a time, on the thread of the driver's access,
 * after it took effect.
 */
public interface BarListener {

    /**
     * A BAR answers at an address from now on.
     *
     * @param bar which one
     * @param address in memory, or in I/O space if the BAR maps that; unsigned
     */
    void mapped(PciBar bar, long address);

    /**
     * A BAR does not answer any more: it was moved, or decoding was disabled.
     *
     * @param bar which one
     * @param address where it was
     */
    void unmapped(PciBar bar, long address);
}
