// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.i2c.simulated;

import java.time.Duration;
import java.util.Arrays;
import java.util.function.LongSupplier;

/**
 * An EEPROM of the 24Cxx class: random and sequential reads, and page writes, which begin with STOP and keep the
 * part from acknowledging while they last. It takes one address byte up to 256 bytes, two beyond.
 *
 * <p>Methods of this class may be called by any thread.
 */
public final class Eeprom implements I2cTarget {

    private static final int ERASED = 0xFF;
    private static final int ONE_BYTE_ADDRESSES = 256;
    private static final int TWO_BYTE_ADDRESSES = 65_536;

    private final byte[] memory;
    private final int addressBytes;
    private final byte[] page;
    private final boolean[] written;
    private final long writeTime;
    private final LongSupplier nanoTime;

    private int pointer;
    private int addressBytesLeft;
    private boolean pending;
    private boolean writeProtected;
    private boolean busy;
    private long busyUntil;

    /**
     * Creates an erased one.
     *
     * @param size bytes; a power of two up to 65536
     * @param pageSize bytes; a power of two up to the size
     * @param writeTime how long a write lasts
     * @param nanoTime time, such as {@code System::nanoTime}
     */
    public Eeprom(int size, int pageSize, Duration writeTime, LongSupplier nanoTime) {
        if (Integer.bitCount(size) != 1 || size > TWO_BYTE_ADDRESSES
                || Integer.bitCount(pageSize) != 1 || pageSize > size) {
            throw new IllegalArgumentException("size and page size are powers of two, up to 65536 and up to the"
                    + " size: size=" + size + " pageSize=" + pageSize);
        }
        if (writeTime.isNegative()) {
            throw new IllegalArgumentException("a write time is not negative: writeTime=" + writeTime);
        }
        memory = new byte[size];
        Arrays.fill(memory, (byte) ERASED);
        addressBytes = size <= ONE_BYTE_ADDRESSES ? 1 : 2;
        page = new byte[pageSize];
        written = new boolean[pageSize];
        this.writeTime = writeTime.toNanos();
        this.nanoTime = nanoTime;
    }

    /** 256 bytes in pages of 8, and 5 ms for a write. */
    public static Eeprom at24c02() {
        return new Eeprom(256, 8, Duration.ofMillis(5), System::nanoTime);
    }

    /** 32 KiB in pages of 64, and 5 ms for a write. */
    public static Eeprom at24c256() {
        return new Eeprom(32 << 10, 64, Duration.ofMillis(5), System::nanoTime);
    }

    /** The whole content. */
    public synchronized byte[] content() {
        return memory.clone();
    }

    /** Replaces bytes, without a write cycle, as a programmer does before the part is soldered. */
    public synchronized void program(int offset, byte... bytes) {
        if (offset < 0 || bytes.length > memory.length - offset) {
            throw new IllegalArgumentException("does not fit: offset=" + offset + " bytes=" + bytes.length
                    + " size=" + memory.length);
        }
        System.arraycopy(bytes, 0, memory, offset, bytes.length);
    }

    /** The pin WP: data is not acknowledged. */
    public synchronized void writeProtect(boolean on) {
        writeProtected = on;
    }

    /** Whether a write lasts still. */
    public synchronized boolean isBusy() {
        busy = busy && nanoTime.getAsLong() - busyUntil < 0;
        return busy;
    }

    // ── The bus ────────────────────────────────────────────────────────────

    @Override
    public synchronized boolean start(boolean read) {
        if (isBusy()) {
            return false;
        }
        forgetPage();
        addressBytesLeft = read ? 0 : addressBytes;
        return true;
    }

    @Override
    public synchronized boolean write(int data) {
        if (addressBytesLeft > 0) {
            pointer = (receivesAddress() ? 0 : pointer << 8) | data;
            pointer &= memory.length - 1;
            addressBytesLeft--;
            return true;
        }
        if (writeProtected) {
            return false;
        }
        // The address stays in its page.
        int at = pointer & page.length - 1;
        page[at] = (byte) data;
        written[at] = true;
        pending = true;
        pointer = pointer - at + (at + 1 & page.length - 1);
        return true;
    }

    /** Whether this is the first address byte. */
    private boolean receivesAddress() {
        return addressBytesLeft == addressBytes;
    }

    @Override
    public synchronized int read() {
        int data = memory[pointer];
        pointer = pointer + 1 & memory.length - 1;
        return data;
    }

    @Override
    public synchronized void stop() {
        if (!pending) {
            return;
        }
        int base = pointer & -page.length;
        for (int i = 0; i < page.length; i++) {
            if (written[i]) {
                memory[base + i] = page[i];
            }
        }
        forgetPage();
        busyUntil = nanoTime.getAsLong() + writeTime;
        busy = true;
    }

    private void forgetPage() {
        Arrays.fill(written, false);
        pending = false;
    }

    @Override
    public String toString() {
        return "Eeprom[size=" + memory.length + " page=" + page.length + "]";
    }
}
