// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit;

import io.virtio4j.testkit.RegisterAccess.Load;
import io.virtio4j.testkit.RegisterAccess.Store;

/**
 * A guest's access to one PCI function: its configuration space, and bus memory where its BARs are placed.
 * For the test of a transport, with function 0 of device 3:
 *
 * <pre>{@code
 * PciAccess.of(3 << 15, bus::readEcam, bus::writeEcam, bus::readMemory, bus::writeMemory)
 * }</pre>
 */
public interface PciAccess {

    /**
     * Accesses by the methods of a bus, or of a machine.
     *
     * @param config where the function's configuration space begins, for the next two
     * @param loadConfig reads configuration space
     * @param storeConfig writes configuration space
     * @param load reads bus memory
     * @param store writes bus memory
     */
    static PciAccess of(long config, Load loadConfig, Store storeConfig, Load load, Store store) {
        return new PciAccess() {
            @Override
            public long readConfig(int offset, int width) {
                return loadConfig.read(config + offset, width);
            }

            @Override
            public void writeConfig(int offset, int width, long value) {
                storeConfig.write(config + offset, width, value);
            }

            @Override
            public long readMemory(long address, int width) {
                return load.read(address, width);
            }

            @Override
            public void writeMemory(long address, int width, long value) {
                store.write(address, width, value);
            }
        };
    }

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
