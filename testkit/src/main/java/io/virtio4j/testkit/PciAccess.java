// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit;

/**
 * A guest's access to one PCI function: its configuration space, and bus memory where its BARs are placed;
 * implemented by the test of a transport, with one call each.
 */
public interface PciAccess {

    /**
     * Reads the function's configuration space, little-endian.
     *
     * @param offset bytes, below 4096
     * @param width 1, 2 or 4 bytes
     * @return the value, zero-extended
     */
    long readConfig(int offset, int width);

    /**
     * Writes the function's configuration space.
     *
     * @param offset bytes, below 4096
     * @param width 1, 2 or 4 bytes
     * @param value the low {@code width} bytes count
     */
    void writeConfig(int offset, int width, long value);

    /**
     * Reads bus memory. An address that no BAR of the function answers reads as all ones.
     *
     * @param address a bus address, as it was written to a BAR, plus an offset
     * @param width 1, 2, 4 or 8 bytes
     * @return the value, zero-extended
     */
    long readMemory(long address, int width);

    /**
     * Writes bus memory. An address that no BAR of the function answers is ignored.
     *
     * @param address a bus address, as it was written to a BAR, plus an offset
     * @param width 1, 2, 4 or 8 bytes
     * @param value the low {@code width} bytes count
     */
    void writeMemory(long address, int width, long value);
}
