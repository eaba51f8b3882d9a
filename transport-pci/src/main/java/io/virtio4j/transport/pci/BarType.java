// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.pci;

/** What a base address register maps, and how wide it is. [PCI] */
public enum BarType {
    /** I/O space. At most 256 bytes. */
    IO(0x1, 2, 1L << 8),
    /** Memory below 4 GiB. */
    MEMORY_32(0x0, 4, 1L << 31),
    /** Memory below 4 GiB that bridges may prefetch. */
    MEMORY_32_PREFETCHABLE(0x8, 4, 1L << 31),
    /** Memory anywhere; takes the next register too. */
    MEMORY_64(0x4, 4, 1L << 62),
    /** Memory anywhere that bridges may prefetch; takes the next register too. */
    MEMORY_64_PREFETCHABLE(0xC, 4, 1L << 62);

    private final int flags;
    private final int leastBits;
    private final long largest;

    BarType(int flags, int leastBits, long largest) {
        this.flags = flags;
        this.leastBits = leastBits;
        this.largest = largest;
    }

    /** Whether it maps I/O space. */
    public boolean isIo() {
        return this == IO;
    }

    /** Whether it takes two registers. */
    public boolean is64Bit() {
        return this == MEMORY_64 || this == MEMORY_64_PREFETCHABLE;
    }

    /** Whether bridges may prefetch. */
    public boolean isPrefetchable() {
        return this == MEMORY_32_PREFETCHABLE || this == MEMORY_64_PREFETCHABLE;
    }

    /** The low bits of the register, which the driver cannot change. */
    int flags() {
        return flags;
    }

    /** Bytes of the smallest one, by the width of the flags. */
    long least() {
        return 1L << leastBits;
    }

    /** Bytes of the largest one. */
    long largest() {
        return largest;
    }

    /** The address bits of the lower register. */
    long addressMask() {
        return isIo() ? 0xFFFF_FFFCL : 0xFFFF_FFF0L;
    }
}
