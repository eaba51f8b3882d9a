// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit;

/**
 * A guest's access to the registers of one MMIO device, for the test of a transport:
 *
 * <pre>{@code
 * RegisterAccess.of(mmio::read, mmio::write)
 * }</pre>
 */
public interface RegisterAccess {

    /** A load of a virtual CPU. */
    @FunctionalInterface
    interface Load {

        /** Reads {@code width} bytes, little-endian and zero-extended. */
        long read(long address, int width);
    }

    /** A store of a virtual CPU. */
    @FunctionalInterface
    interface Store {

        /** Writes the low {@code width} bytes of the value, little-endian. */
        void write(long address, int width, long value);
    }

    /** Accesses by the methods of a transport, or of a machine whose addresses begin at the device. */
    static RegisterAccess of(Load load, Store store) {
        return new RegisterAccess() {
            @Override
            public long read(long offset, int width) {
                return load.read(offset, width);
            }

            @Override
            public void write(long offset, int width, long value) {
                store.write(offset, width, value);
            }
        };
    }

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
