// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit;

/**
 * A guest's access to the registers of one MMIO device; implemented by the test of a transport, with one
 * call each.
 */
public interface RegisterAccess {

    /**
     * Reads little-endian.
     *
     * @param offset bytes from the device's first register
     * @param width 1, 2, 4 or 8 bytes
     * @return the value, zero-extended
     */
    long read(long offset, int width);

    /**
     * Writes little-endian.
     *
     * @param offset bytes from the device's first register
     * @param width 1, 2, 4 or 8 bytes
     * @param value the low {@code width} bytes count
     */
    void write(long offset, int width, long value);
}
