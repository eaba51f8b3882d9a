// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit;

import java.util.ArrayList;
import java.util.List;

/**
 * What a guest's PCI code does with one function before a driver is bound: finds capabilities, sizes and
 * places BARs, enables decoding, bus mastering and MSI-X. Knows nothing of virtio.
 */
public final class PciFunction {

    // Type 0 header.
    private static final int VENDOR_ID = 0x00;
    private static final int DEVICE_ID = 0x02;
    private static final int COMMAND = 0x04;
    private static final int STATUS = 0x06;
    private static final int REVISION_ID = 0x08;
    private static final int BAR = 0x10;
    private static final int CAPABILITIES = 0x34;

    private static final int COMMAND_MEMORY = 1 << 1;
    private static final int COMMAND_BUS_MASTER = 1 << 2;
    private static final int COMMAND_INTX_DISABLE = 1 << 10;
    private static final int STATUS_INTERRUPT = 1 << 3;
    private static final int STATUS_CAPABILITIES = 1 << 4;

    private static final int CAP_MSIX = 0x11;
    private static final int MSIX_ENABLE = 1 << 15;
    private static final int MSIX_ENTRY = 16;

    private static final int BARS = 6;
    private static final long BELOW_4G = 0xC000_0000L;
    private static final long ABOVE_4G = 0x40_0000_0000L;

    /** The address of the messages that are programmed; the data is the vector. */
    public static final long MESSAGE_ADDRESS = 0xFEE0_0000L;

    /**
     * A capability in the list.
     *
     * @param id the capability ID
     * @param offset where it is in configuration space
     */
    public record Capability(int id, int offset) {}

    /**
     * A memory BAR that was placed.
     *
     * @param address the bus address that was written; 0 if the BAR is not there
     * @param size bytes
     * @param wide whether it takes the next BAR for the upper half of its address
     */
    public record Bar(long address, long size, boolean wide) {}

    private final PciAccess access;
    private final List<Capability> capabilities = new ArrayList<>();
    private final Bar[] bars = new Bar[BARS];

    private long nextBelow = BELOW_4G;
    private long nextAbove = ABOVE_4G;

    /** Looks at a function and changes nothing yet. */
    public PciFunction(PciAccess access) {
        this.access = access;
        if ((config(STATUS, 2) & STATUS_CAPABILITIES) == 0) {
            return;
        }
        int offset = config(CAPABILITIES, 1) & ~3;
        while (offset != 0) {
            if (capabilities.size() > 48) {
                throw new AssertionError("capability list does not end: " + capabilities);
            }
            capabilities.add(new Capability(config(offset, 1), offset));
            offset = config(offset + 1, 1) & ~3;
        }
    }

    /** Reads configuration space. */
    public int config(int offset, int width) {
        return (int) access.readConfig(offset, width);
    }

    /** Writes configuration space. */
    public void config(int offset, int width, int value) {
        access.writeConfig(offset, width, Integer.toUnsignedLong(value));
    }

    /** The Vendor ID. */
    public int vendorId() {
        return config(VENDOR_ID, 2);
    }

    /** The Device ID. */
    public int deviceId() {
        return config(DEVICE_ID, 2);
    }

    /** The Revision ID. */
    public int revisionId() {
        return config(REVISION_ID, 1);
    }

    /** The capability list, in its order. */
    public List<Capability> capabilities() {
        return List.copyOf(capabilities);
    }

    /** The Interrupt Status bit. */
    public boolean isInterruptPending() {
        return (config(STATUS, 2) & STATUS_INTERRUPT) != 0;
    }

    // ── BARs ───────────────────────────────────────────────────────────────

    /** Sizes and places all memory BARs, and enables memory decoding and bus mastering. */
    public void enable() {
        config(COMMAND, 2, config(COMMAND, 2) & ~COMMAND_MEMORY);
        for (int bar = 0; bar < BARS; bar++) {
            if (place(bar)) {
                bar++;
            }
        }
        config(COMMAND, 2, config(COMMAND, 2) | COMMAND_MEMORY | COMMAND_BUS_MASTER);
    }

    /** Says whether the BAR takes two. */
    private boolean place(int bar) {
        int at = BAR + 4 * bar;
        int before = config(at, 4);
        config(at, 4, -1);
        int low = config(at, 4);
        config(at, 4, before);
        bars[bar] = new Bar(0, 0, false);
        if (low == 0 || (low & 1) != 0) {
            return false; // not there, or I/O space
        }
        boolean wide = (low & 6) == 4;
        long mask = low & ~0xFL | 0xFFFF_FFFF_0000_0000L;
        if (wide) {
            config(at + 4, 4, -1);
            mask = low & 0xFFFF_FFF0L | (long) config(at + 4, 4) << 32;
        }
        long size = -mask;
        if (Long.bitCount(size) != 1) {
            throw new AssertionError("size of a BAR is no power of two: bar=" + bar + " mask=0x"
                    + Long.toHexString(mask));
        }
        long address = wide ? align(nextAbove, size) : align(nextBelow, size);
        move(bar, new Bar(address, size, wide));
        if (wide) {
            nextAbove = address + size;
        } else {
            nextBelow = address + size;
        }
        return wide;
    }

    private static long align(long address, long size) {
        return address + size - 1 & -size;
    }

    private void move(int bar, Bar to) {
        int at = BAR + 4 * bar;
        config(at, 4, (int) to.address);
        if (to.wide) {
            config(at + 4, 4, (int) (to.address >>> 32));
        }
        bars[bar] = to;
    }

    /** Writes another address to a BAR, as an operating system does when it moves devices. */
    public void move(int bar, long address) {
        move(bar, new Bar(address, bars[bar].size, bars[bar].wide));
    }

    /** A BAR after {@link #enable()}. */
    public Bar bar(int bar) {
        return bars[bar];
    }

    /** Switches memory decoding. */
    public void decodeMemory(boolean on) {
        command(COMMAND_MEMORY, on);
    }

    /** Switches bus mastering. */
    public void masterBus(boolean on) {
        command(COMMAND_BUS_MASTER, on);
    }

    /** Switches INTx off or on. */
    public void disableIntx(boolean off) {
        command(COMMAND_INTX_DISABLE, off);
    }

    private void command(int bit, boolean on) {
        int now = config(COMMAND, 2);
        config(COMMAND, 2, on ? now | bit : now & ~bit);
    }

    long read(int bar, long offset, int width) {
        return access.readMemory(bars[bar].address + offset, width);
    }

    void write(int bar, long offset, int width, long value) {
        access.writeMemory(bars[bar].address + offset, width, value);
    }

    // ── MSI-X ──────────────────────────────────────────────────────────────

    private int msix() {
        return capabilities.stream().filter(cap -> cap.id == CAP_MSIX).findFirst()
                .map(Capability::offset).orElse(0);
    }

    /** How many MSI-X vectors there are; 0 without the capability. */
    public int vectors() {
        int cap = msix();
        return cap == 0 ? 0 : (config(cap + 2, 2) & 0x7FF) + 1;
    }

    /** Programs and unmasks all vectors and enables MSI-X. */
    public void enableMsix() {
        int cap = msix();
        config(cap + 2, 2, config(cap + 2, 2) | MSIX_ENABLE);
        for (int vector = 0; vector < vectors(); vector++) {
            long entry = entry(vector);
            int bir = config(cap + 4, 4) & 7;
            write(bir, entry, 4, MESSAGE_ADDRESS);
            write(bir, entry + 4, 4, MESSAGE_ADDRESS >>> 32);
            write(bir, entry + 8, 4, vector);
            write(bir, entry + 12, 4, 0);
        }
        disableIntx(true);
    }

    /** Masks or unmasks one vector. */
    public void mask(int vector, boolean masked) {
        write(config(msix() + 4, 4) & 7, entry(vector) + 12, 4, masked ? 1 : 0);
    }

    /** Whether a message waits because its vector is masked. */
    public boolean isPending(int vector) {
        int word = config(msix() + 8, 4);
        long bits = read(word & 7, (word & ~7) + vector / 64 * 8L, 8);
        return (bits >>> vector & 1) != 0;
    }

    private long entry(int vector) {
        return (config(msix() + 4, 4) & ~7) + (long) MSIX_ENTRY * vector;
    }
}
