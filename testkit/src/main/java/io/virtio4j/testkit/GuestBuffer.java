// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;

/**
 * Bytes of guest memory as the driver sees them: still there when the device lost sight of them. Made by
 * {@link GuestRam}.
 *
 * <p>Accesses are plain; the rings bring the ordering.
 */
public final class GuestBuffer {

    private final GuestRam ram;
    private final long address;
    private final long length;

    GuestBuffer(GuestRam ram, long address, long length) {
        this.ram = ram;
        this.address = address;
        this.length = length;
    }

    GuestRam ram() {
        return ram;
    }

    /** The guest-physical address of the first byte. */
    public long address() {
        return address;
    }

    /** How many bytes. */
    public long length() {
        return length;
    }

    /** All bytes. */
    public byte[] bytes() {
        return bytes(0, Math.toIntExact(length));
    }

    /** Some bytes. */
    public byte[] bytes(long offset, int count) {
        byte[] copy = new byte[count];
        ram.copy(address + check(offset, count), MemorySegment.ofArray(copy), false);
        return copy;
    }

    /** Writes bytes. */
    public void write(long offset, byte... bytes) {
        ram.copy(address + check(offset, bytes.length), MemorySegment.ofArray(bytes), true);
    }

    /** Writes one value to all bytes. */
    public void fill(int value) {
        for (long done = 0; done < length; ) {
            MemorySegment run = ram.run(address + done, length - done);
            run.fill((byte) value);
            done += run.byteSize();
        }
    }

    /** Reads 1 to 8 bytes, little-endian. */
    public long get(long offset, int width) {
        byte[] bytes = bytes(offset, width);
        long value = 0;
        for (int i = 0; i < width; i++) {
            value |= Byte.toUnsignedLong(bytes[i]) << (8 * i);
        }
        return value;
    }

    /** Writes 1 to 8 bytes, little-endian. */
    public void set(long offset, int width, long value) {
        byte[] bytes = new byte[width];
        for (int i = 0; i < width; i++) {
            bytes[i] = (byte) (value >>> (8 * i));
        }
        write(offset, bytes);
    }

    /** The bytes, if they lie in one region. */
    public MemorySegment segment() {
        MemorySegment run = ram.run(address, length);
        if (run.byteSize() != length) {
            throw new IllegalStateException("buffer lies in several regions: " + this);
        }
        return run;
    }

    /** Whether all bytes have this value. */
    public boolean isFilledWith(int value) {
        for (long done = 0; done < length; ) {
            MemorySegment run = ram.run(address + done, length - done);
            for (long i = 0; i < run.byteSize(); i++) {
                if (run.get(JAVA_BYTE, i) != (byte) value) {
                    return false;
                }
            }
            done += run.byteSize();
        }
        return true;
    }

    /** Gives the memory back; it is to be zero from then on. */
    public void free() {
        ram.free(this);
    }

    private long check(long offset, long count) {
        if (offset < 0 || offset > length - count) {
            throw new IndexOutOfBoundsException("access passes the buffer: offset=" + offset + " count="
                    + count + " " + this);
        }
        return offset;
    }

    @Override
    public String toString() {
        return "GuestBuffer[0x" + Long.toHexString(address) + "+0x" + Long.toHexString(length) + "]";
    }
}
