// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.pci;

/**
 * What answers in a BAR of a {@link PlainPciFunction}. Any thread may call. Values are little-endian,
 * zero-extended; offsets are bytes from the start of the BAR, widths 1, 2, 4 or 8, and an access lies inside
 * of the BAR.
 */
public interface BarRegisters {

    /** Reads. */
    long read(long offset, int width);

    /** Writes. */
    void write(long offset, int width, long value);

    /** Registers made of two methods: {@code BarRegisters.of(mmio::read, mmio::write)}. */
    static BarRegisters of(Reads reads, Writes writes) {
        return new BarRegisters() {
            @Override
            public long read(long offset, int width) {
                return reads.read(offset, width);
            }

            @Override
            public void write(long offset, int width, long value) {
                writes.write(offset, width, value);
            }
        };
    }

    /** {@link BarRegisters#read} alone. */
    @FunctionalInterface
    interface Reads {

        /** Reads. */
        long read(long offset, int width);
    }

    /** {@link BarRegisters#write} alone. */
    @FunctionalInterface
    interface Writes {

        /** Writes. */
        void write(long offset, int width, long value);
    }
}
