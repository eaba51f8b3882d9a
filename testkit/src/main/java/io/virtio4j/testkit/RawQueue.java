// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit;

import io.virtio4j.core.device.CoreFeature;
import io.virtio4j.core.queue.RingFormat;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * A queue whose rings are written byte by byte: for what a driver must not do, and what {@link
 * DriverQueue} therefore cannot. Keeps just enough account to add chains one after the other.
 */
public final class RawQueue {

    /** The next descriptor belongs to the chain. */
    public static final int NEXT = 1;
    /** Device-writable. */
    public static final int WRITE = 2;
    /** Refers to an indirect table. */
    public static final int INDIRECT = 4;
    /** Packed: the AVAIL flag. */
    public static final int AVAIL = 1 << 7;
    /** Packed: the USED flag. */
    public static final int USED = 1 << 15;

    private static final int DESCRIPTOR = 16;

    private final DriverPort port;
    private final int index;
    private final int size;
    private final RingFormat format;
    private final GuestBuffer descriptors;
    private final GuestBuffer driverArea;
    private final GuestBuffer deviceArea;

    private int nextSlot;
    private int availableIndex;
    private boolean wrap = true;
    private int usedIndex;
    private int usedSlot;
    private boolean usedWrap = true;
    private final Deque<int[]> inFlight = new ArrayDeque<>(); // packed: id, slots

    /**
     * A descriptor.
     *
     * @param address anything
     * @param length anything; the low 32 bits count
     * @param flags the flags, without AVAIL and USED
     */
    public record Raw(long address, long length, int flags) {

        /** A device-readable descriptor for a buffer, with the flag NEXT. */
        public static Raw readable(GuestBuffer buffer) {
            return new Raw(buffer.address(), buffer.length(), NEXT);
        }

        /** A device-writable descriptor for a buffer, without the flag NEXT. */
        public static Raw writable(GuestBuffer buffer) {
            return new Raw(buffer.address(), buffer.length(), WRITE);
        }
    }

    /**
     * A used entry.
     *
     * @param id what the device returned
     * @param length the bytes that it says it wrote
     */
    public record Used(int id, long length) {}

    /** Allocates a queue; the device does not know yet. */
    public RawQueue(DriverPort port, GuestRam ram, int index, int size, RingFormat format) {
        this.port = port;
        this.index = index;
        this.size = size;
        this.format = format;
        boolean split = format == RingFormat.SPLIT;
        descriptors = ram.allocate((long) DESCRIPTOR * size);
        driverArea = ram.allocate(split ? 6 + 2L * size : 4);
        deviceArea = ram.allocate(split ? 6 + 8L * size : 4);
    }

    /** Sets up and enables a queue in the format that a driver negotiated. */
    public static RawQueue enable(TestDriver driver, int index, int size) {
        RingFormat format = driver.negotiated().has(CoreFeature.RING_PACKED)
                ? RingFormat.PACKED
                : RingFormat.SPLIT;
        RawQueue queue = new RawQueue(driver.port(), driver.ram(), index, size, format);
        queue.enable();
        return queue;
    }

    /** Tells the device size and addresses, and enables the queue. */
    public void enable() {
        port.queueSize(index, size);
        port.queueAddresses(
                index, descriptors.address(), driverArea.address(), deviceArea.address());
        port.enableQueue(index);
    }

    /** Gives the rings' memory back: the device does not know the queue any more. */
    public void dispose() {
        descriptors.free();
        driverArea.free();
        deviceArea.free();
    }

    /** The queue's index. */
    public int index() {
        return index;
    }

    /** How many entries. */
    public int size() {
        return size;
    }

    /** The format. */
    public RingFormat format() {
        return format;
    }

    /** Split: the descriptor table. Packed: the ring. */
    public GuestBuffer descriptors() {
        return descriptors;
    }

    /** Split: the available ring. Packed: the driver's event suppression. */
    public GuestBuffer driverArea() {
        return driverArea;
    }

    /** Split: the used ring. Packed: the device's event suppression. */
    public GuestBuffer deviceArea() {
        return deviceArea;
    }

    // ── Descriptors ────────────────────────────────────────────────────────

    /**
     * Writes one descriptor.
     *
     * @param last split: {@code next}; packed: {@code id}
     */
    public void descriptor(int slot, Raw raw, int last) {
        write(descriptors, slot, raw, last);
    }

    private void write(GuestBuffer to, int slot, Raw raw, int last) {
        long at = (long) DESCRIPTOR * slot;
        boolean split = format == RingFormat.SPLIT;
        to.set(at, 8, raw.address);
        to.set(at + 8, 4, raw.length);
        to.set(at + 12, 2, split ? raw.flags : last);
        to.set(at + 14, 2, split ? last : raw.flags);
    }

    /** Writes one entry of an indirect table. */
    public void tableEntry(GuestBuffer table, int entry, Raw raw, int last) {
        write(table, entry, raw, last);
    }

    /** Writes an indirect table of these entries, each linked to the one after it. */
    public void table(GuestBuffer table, Raw... entries) {
        for (int i = 0; i < entries.length; i++) {
            tableEntry(table, i, entries[i], i + 1);
        }
    }

    /**
     * Writes a chain to the next slots, each linked to the one after it, and makes it available. Flags are
     * written as they are: the caller sets NEXT.
     *
     * @return split: the head; packed: the buffer id, which is the first slot
     */
    public int chain(Raw... raws) {
        int head = place(raws);
        if (format == RingFormat.SPLIT) {
            available(head);
        }
        return head;
    }

    /** Split: writes a chain and does not make it available. Packed: as {@link #chain}. */
    public int place(Raw... raws) {
        int head = nextSlot;
        int firstFlags = 0;
        boolean split = format == RingFormat.SPLIT;
        for (int i = 0; i < raws.length; i++) {
            Raw raw = raws[i];
            int flags = split ? raw.flags : raw.flags | (wrap ? AVAIL : USED);
            if (i == 0) {
                firstFlags = flags;
            }
            boolean hidden = !split && i == 0;
            int link = (nextSlot + 1) % size;
            descriptor(nextSlot, new Raw(raw.address, raw.length, hidden ? flags(nextSlot) : flags),
                    split ? link : head);
            nextSlot = link;
            wrap ^= link == 0;
        }
        if (!split) {
            inFlight.add(new int[] {head, raws.length});
            flags(head, firstFlags);
        }
        return head;
    }

    /** Packed: reads the flags of a slot. */
    public int flags(int slot) {
        return (int) descriptors.get((long) DESCRIPTOR * slot + 14, 2);
    }

    /** Packed: writes the flags of a slot, with release semantics. */
    public void flags(int slot, int flags) {
        DriverQueue.LE16_ORDERED.setRelease(
                descriptors.segment(), (long) DESCRIPTOR * slot + 14, (short) flags);
    }

    // ── Available ──────────────────────────────────────────────────────────

    /** Split: appends a head to the available ring and moves the index. */
    public void available(int head) {
        driverArea.set(4 + 2L * (availableIndex & (size - 1)), 2, head);
        availableIndex(availableIndex + 1);
    }

    /** Split: writes the available index. */
    public void availableIndex(int idx) {
        availableIndex = idx & 0xFFFF;
        DriverQueue.LE16_ORDERED.setRelease(driverArea.segment(), 2L, (short) idx);
    }

    /** Split: the available index. */
    public int availableIndex() {
        return availableIndex;
    }

    /** Packed: the slot of the next chain. */
    public int nextSlot() {
        return nextSlot;
    }

    /** Notifies the device. */
    public void kick() {
        port.notifyQueue(index);
    }

    // ── Used ───────────────────────────────────────────────────────────────

    /** Takes used entries that were not taken yet; without IN_ORDER. */
    public List<Used> takeUsed() {
        List<Used> found = new ArrayList<>();
        if (format == RingFormat.SPLIT) {
            int idx = (short) DriverQueue.LE16_ORDERED.getAcquire(deviceArea.segment(), 2L) & 0xFFFF;
            for (; usedIndex != idx; usedIndex = (usedIndex + 1) & 0xFFFF) {
                long at = 4 + 8L * (usedIndex & (size - 1));
                found.add(new Used((int) deviceArea.get(at, 4), deviceArea.get(at + 4, 4)));
            }
            return found;
        }
        while (isUsed(usedSlot)) {
            long at = (long) DESCRIPTOR * usedSlot;
            int id = (int) descriptors.get(at + 12, 2);
            boolean written = (flags(usedSlot) & WRITE) != 0;
            found.add(new Used(id, written ? descriptors.get(at + 8, 4) : 0));
            int[] chain = inFlight.stream().filter(entry -> entry[0] == id).findFirst().orElseThrow(
                    () -> new AssertionError("device used a buffer id that is not in flight: id=" + id));
            inFlight.remove(chain);
            usedSlot += chain[1];
            if (usedSlot >= size) {
                usedSlot -= size;
                usedWrap = !usedWrap;
            }
        }
        return found;
    }

    private boolean isUsed(int slot) {
        int flags = (short) DriverQueue.LE16_ORDERED.getAcquire(
                descriptors.segment(), (long) DESCRIPTOR * slot + 14);
        return ((flags & AVAIL) != 0) == usedWrap && ((flags & USED) != 0) == usedWrap;
    }
}
