// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.i2c;

import io.virtio4j.core.queue.ChainReader;

/** {@code struct virtio_i2c_out_hdr}, read once. [Device Operation: Request Queue] */
final class I2cHeader {

    /** Bytes: {@code le16 addr, le16 padding, le32 flags}. */
    static final int SIZE = 8;

    /** In a group, all requests but the last have it. */
    private static final int FAIL_NEXT = 1;
    /** The target sends. */
    private static final int M_RD = 2;

    private static final int SEVEN_BIT = 0xFE;
    private static final int TEN_BIT_MASK = 0xF9;
    private static final int TEN_BIT = 0xF0;

    private int addr;
    private int flags;

    /** Reads the next bytes of a request; there have to be enough. */
    void read(ChainReader in) {
        addr = in.readLe16();
        in.skip(2);
        flags = (int) in.readLe32();
    }

    /** There is none. */
    void absent() {
        addr = 0;
        flags = 0;
    }

    /** The low byte is {@code 0b11110 A9 A8 0}; a 7-bit address cannot be, as this prefix is reserved. */
    boolean isTenBit() {
        return (addr & TEN_BIT_MASK) == TEN_BIT;
    }

    /** Whether {@code addr} is of one of the two forms, and only known flags are set. */
    boolean isValid() {
        return (isTenBit() || (addr & ~SEVEN_BIT) == 0) && (flags & ~(FAIL_NEXT | M_RD)) == 0;
    }

    /** {@code A9 A8} in the low byte and {@code A7 .. A0} in the high one; or {@code A6 .. A0} shifted by 1. */
    int address() {
        return isTenBit() ? (addr & 6) << 7 | addr >>> 8 : addr >>> 1;
    }

    boolean isRead() {
        return (flags & M_RD) != 0;
    }

    boolean failsNext() {
        return (flags & FAIL_NEXT) != 0;
    }
}
