// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.pci;

import java.util.List;
import java.util.OptionalLong;

/**
 * A PCI function as a bus sees it. {@link PciTransport} is one; an embedder adds others, such as a host
 * bridge, by implementing this.
 *
 * <p>Values are little-endian, zero-extended. Any thread may call; no access throws, whatever its offset
 * and width.
 */
public interface PciFunction {

    /** The size of configuration space: 256 or 4096 bytes. */
    int configSize();

    /**
     * Reads configuration space. An access of a width other than 1, 2 or 4, or one that crosses a double
     * word, reads 0.
     */
    long readConfig(int offset, int width);

    /** Writes configuration space; ignored where a read gives 0. */
    void writeConfig(int offset, int width, long value);

    /** The base address registers that there are, by index. */
    default List<PciBar> bars() {
        return List.of();
    }

    /**
     * Where a BAR answers.
     *
     * @return empty if decoding is disabled, or if no address was given to it: 0 and all ones are none
     */
    default OptionalLong barAddress(int bar) {
        return OptionalLong.empty();
    }

    /**
     * Reads what a BAR maps; all ones while decoding is disabled.
     *
     * @param width 1, 2, 4 or 8
     */
    default long readBar(int bar, long offset, int width) {
        return Width.ones(width);
    }

    /**
     * Writes what a BAR maps; ignored while decoding is disabled.
     *
     * @param width 1, 2, 4 or 8
     */
    default void writeBar(int bar, long offset, int width, long value) {}

    /** The memory in BARs, which the driver can be given to use without a call of this. Does not change. */
    default List<BarMemory> memory() {
        return List.of();
    }

    /** Adds what learns where BARs are; it is told of those that answer already. */
    default void addBarListener(BarListener listener) {}

    /** Resets the function, as the bus does. */
    default void reset() {}
}
