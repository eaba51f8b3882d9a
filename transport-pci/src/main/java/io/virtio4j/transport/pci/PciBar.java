// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.pci;

/**
 * A base address register that a function has.
 *
 * @param index 0 to 5; a 64-bit one takes the next index too
 * @param type what it maps
 * @param size bytes, a power of two
 */
public record PciBar(int index, BarType type, long size) {

    /** How many base address registers a function can have. */
    public static final int COUNT = 6;

    /** Checks that the register can exist. */
    public PciBar {
        if (index < 0 || index >= COUNT) {
            throw new IllegalArgumentException("BAR has to be 0 to 5: bar=" + index);
        }
        if (type.is64Bit() && index == COUNT - 1) {
            throw new IllegalArgumentException("BAR of 64 bits needs the next register too, and there is"
                    + " none after 5: bar=" + index + " type=" + type);
        }
        if (Long.bitCount(size) != 1 || size < type.least() || size > type.largest()) {
            throw new IllegalArgumentException("BAR size has to be a power of two from " + type.least()
                    + " to " + type.largest() + ": bar=" + index + " type=" + type + " size=" + size);
        }
    }
}
