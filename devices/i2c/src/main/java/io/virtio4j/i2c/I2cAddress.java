// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.i2c;

/**
 * An address on a bus.
 *
 * @param value 0 to 127, or 0 to 1023 with 10 bits
 * @param tenBit whether it has 10 bits
 */
public record I2cAddress(int value, boolean tenBit) {

    private static final int SEVEN_BIT_COUNT = 128;
    private static final int TEN_BIT_COUNT = 1024;

    /** How many numbers {@link #index} has. */
    public static final int COUNT = SEVEN_BIT_COUNT + TEN_BIT_COUNT;

    /** From here on, a 7-bit address would be the prefix of a 10-bit one, or is reserved. */
    private static final int RESERVED = 0x78;

    /** Checks the value. */
    public I2cAddress {
        int most = tenBit ? TEN_BIT_COUNT - 1 : RESERVED - 1;
        if (value < 0 || value > most) {
            throw new IllegalArgumentException((tenBit ? "a 10-bit" : "a 7-bit") + " address is 0 to 0x"
                    + Integer.toHexString(most) + ": value=0x" + Integer.toHexString(value));
        }
    }

    /** An address of 7 bits, without the bit for the direction: 0x50, not 0xA0. */
    public static I2cAddress of(int value) {
        return new I2cAddress(value, false);
    }

    /** An address of 10 bits. */
    public static I2cAddress tenBit(int value) {
        return new I2cAddress(value, true);
    }

    /** A number of its own for each address, less than {@link #COUNT}. */
    public int index() {
        return index(value, tenBit);
    }

    /** The same for the address of a message, which may be a reserved one. */
    public static int index(I2cMessage message) {
        return index(message.address(), message.isTenBit());
    }

    private static int index(int value, boolean tenBit) {
        return tenBit ? SEVEN_BIT_COUNT + value : value;
    }

    @Override
    public String toString() {
        return (tenBit ? "0x%03x" : "0x%02x").formatted(value);
    }
}
