// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.pci;

import io.virtio4j.core.wire.StateException;
import io.virtio4j.core.wire.StateReader;
import io.virtio4j.core.wire.StateWriter;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * The MSI-X table and its pending bits: sends a vector's message, or remembers it while it is masked. [PCI]
 *
 * <p>Signalling takes no lock. Whoever signals sets the pending bit first and looks at the masks again;
 * whoever unmasks does so first and looks at the pending bit then. The one of them that clears the bit sends
 * the message.
 */
final class MsixTable {

    /** The largest table. */
    static final int MOST_VECTORS = 0x800;

    private static final int BITS = 64;

    private final PciInterrupts interrupts;
    private final boolean masks;
    private final AtomicReferenceArray<MsixEntry> entries;
    private final AtomicLongArray pending;

    private volatile boolean enabled;

    /** Enabled, not masked as a whole, and the function may write to memory. */
    private volatile boolean open;

    /**
     * Creates a table.
     *
     * @param masks whether entries mask; else the table is kept by somebody else, and every message is
     *     sent
     */
    MsixTable(int vectors, PciInterrupts interrupts, boolean masks) {
        this.interrupts = interrupts;
        this.masks = masks;
        entries = new AtomicReferenceArray<>(vectors);
        pending = new AtomicLongArray((vectors + BITS - 1) / BITS);
        reset();
    }

    int vectors() {
        return entries.length();
    }

    int tableLength() {
        return vectors() * MsixEntry.SIZE;
    }

    int pendingLength() {
        return pending.length() * Long.BYTES;
    }

    boolean isEnabled() {
        return enabled;
    }

    /** Takes over what the capability and the command register say; sends what waited for it. */
    void open(boolean nowEnabled, boolean nowOpen) {
        enabled = nowEnabled;
        open = nowOpen;
        if (nowOpen) {
            for (int word = 0; word < pending.length(); word++) {
                for (long bits = pending.get(word); bits != 0; bits &= bits - 1) {
                    release(word * BITS + Long.numberOfTrailingZeros(bits));
                }
            }
        }
    }

    /** Sends the message of a vector, now or when it is unmasked. */
    void signal(int vector) {
        MsixEntry entry = entries.get(vector);
        if (sends(entry)) {
            interrupts.message(vector, entry.address(), entry.data());
            return;
        }
        long bit = 1L << vector;
        pending.getAndAccumulate(vector / BITS, bit, (bits, one) -> bits | one);
        release(vector);
    }

    private boolean sends(MsixEntry entry) {
        return open && !(masks && entry.masked());
    }

    private void release(int vector) {
        MsixEntry entry = entries.get(vector);
        if (sends(entry) && takePending(vector)) {
            interrupts.message(vector, entry.address(), entry.data());
        }
    }

    private boolean takePending(int vector) {
        long bit = 1L << vector;
        return (pending.getAndAccumulate(vector / BITS, bit, (bits, one) -> bits & ~one) & bit) != 0;
    }

    /** What the messages stood for is gone. */
    void clearPending() {
        for (int word = 0; word < pending.length(); word++) {
            pending.set(word, 0);
        }
    }

    void reset() {
        for (int vector = 0; vector < entries.length(); vector++) {
            entries.set(vector, MsixEntry.RESET);
        }
        clearPending();
    }

    // ── For the driver ─────────────────────────────────────────────────────

    /** Whole double words, or two of them, aligned: others are not for these structures. */
    private static boolean isAccess(long offset, int width) {
        return (width == 4 || width == 8) && (offset & (width - 1)) == 0;
    }

    /** The table. */
    final class Table implements Region {

        @Override
        public long read(long offset, int width) {
            if (!isAccess(offset, width)) {
                return 0;
            }
            MsixEntry entry = entries.get((int) (offset / MsixEntry.SIZE));
            int at = (int) (offset % MsixEntry.SIZE);
            long low = Integer.toUnsignedLong(entry.get(at));
            return width == 4 ? low : low | (long) entry.get(at + 4) << 32;
        }

        @Override
        public void write(long offset, int width, long value) {
            if (!isAccess(offset, width)) {
                return;
            }
            int vector = (int) (offset / MsixEntry.SIZE);
            int at = (int) (offset % MsixEntry.SIZE);
            entries.getAndUpdate(vector, entry -> {
                MsixEntry changed = entry.with(at, (int) value);
                return width == 4 ? changed : changed.with(at + 4, (int) (value >>> 32));
            });
            release(vector);
        }
    }

    /** The pending bits, read-only. */
    final class PendingBits implements Region {

        @Override
        public long read(long offset, int width) {
            if (!isAccess(offset, width)) {
                return 0;
            }
            long word = pending.get((int) (offset / Long.BYTES));
            return width == 8 ? word : word >>> (8 * (offset & 4)) & 0xFFFF_FFFFL;
        }

        @Override
        public void write(long offset, int width, long value) {}
    }

    // ── Saving and restoring ───────────────────────────────────────────────

    void save(StateWriter out) {
        out.le16(vectors());
        for (int vector = 0; vector < vectors(); vector++) {
            MsixEntry entry = entries.get(vector);
            out.le64(entry.address()).le32(entry.data()).flag(entry.masked());
        }
        for (int word = 0; word < pending.length(); word++) {
            out.le64(pending.get(word));
        }
    }

    /** Reads saved entries; the result puts them in place. */
    Runnable restore(StateReader in) {
        int saved = in.le16();
        if (saved != vectors()) {
            throw new StateException(
                    "saved MSI-X table has another size: saved=" + saved + " vectors=" + vectors());
        }
        MsixEntry[] table = new MsixEntry[saved];
        for (int vector = 0; vector < saved; vector++) {
            table[vector] = new MsixEntry(in.le64() & ~3, (int) in.le32(), in.flag());
        }
        long[] bits = new long[pending.length()];
        for (int word = 0; word < bits.length; word++) {
            int rest = Math.min(BITS, saved - word * BITS);
            bits[word] = in.le64() & -1L >>> (BITS - rest);
        }
        return () -> {
            for (int vector = 0; vector < saved; vector++) {
                entries.set(vector, table[vector]);
            }
            for (int word = 0; word < bits.length; word++) {
                pending.set(word, bits[word]);
            }
        };
    }
}
