// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit;

import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.testkit.Submitted.Descriptor;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The driver's half of a packed virtqueue. [Packed Virtqueues] */
public final class PackedDriverQueue extends DriverQueue {

    private static final int F_AVAIL = 1 << 7;
    private static final int F_USED = 1 << 15;

    private static final int ENABLE = 0;
    private static final int DISABLE = 1;
    private static final int DESC = 2;

    private final MemorySegment ring;
    private final MemorySegment driverEvent;
    private final MemorySegment deviceEvent;

    private final @Nullable Submitted[] byId;
    private final Deque<Submitted> order = new ArrayDeque<>(); // as made available
    private final ArrayDeque<Integer> freeIds = new ArrayDeque<>();
    private int freeSlots;

    private int nextSlot;
    private boolean wrap = true;
    private int usedSlot;
    private boolean usedWrap = true;

    /** Flags of heads that were added and not published: slot and flags. */
    private final Deque<int[]> hidden = new ArrayDeque<>();

    private int sinceKick;

    PackedDriverQueue(Setup setup) {
        super(setup, (long) DESCRIPTOR_SIZE * setup.size(), 4, 4);
        ring = descriptorArea().segment();
        driverEvent = driverArea().segment();
        deviceEvent = deviceArea().segment();
        byId = new Submitted[size];
        freeSlots = size;
        for (int i = 0; i < size; i++) {
            freeIds.add(i);
        }
    }

    @Override
    public RingFormat format() {
        return RingFormat.PACKED;
    }

    // ── Submitting ─────────────────────────────────────────────────────────

    @Override
    void writeTableEntry(MemorySegment to, int index, Descriptor entry, boolean last) {
        write(to, index, entry, 0);
        flags(to, index, entry.writable() ? F_WRITE : 0);
    }

    private static void write(MemorySegment to, int index, Descriptor entry, int id) {
        long at = (long) DESCRIPTOR_SIZE * index;
        to.set(LE64, at, entry.address());
        to.set(LE32, at + 8, (int) entry.length());
        to.set(LE16, at + 12, (short) id);
    }

    private static void flags(MemorySegment to, int index, int flags) {
        LE16_ORDERED.setRelease(to, (long) DESCRIPTOR_SIZE * index + 14, (short) flags);
    }

    @Override
    void place(Submitted submitted, List<Descriptor> descriptors, boolean indirect) {
        int id = freeIds.remove();
        for (int i = 0; i < descriptors.size(); i++) {
            boolean last = i == descriptors.size() - 1;
            int flags = (last ? 0 : F_NEXT) | (last && indirect ? F_INDIRECT : 0)
                    | (descriptors.get(i).writable() ? F_WRITE : 0) | (wrap ? F_AVAIL : F_USED);
            write(ring, nextSlot, descriptors.get(i), id);
            if (i == 0) {
                hidden.push(new int[] {nextSlot, flags});
            } else {
                flags(ring, nextSlot, flags);
            }
            if (++nextSlot == size) {
                nextSlot = 0;
                wrap = !wrap;
            }
        }
        submitted.id = id;
        submitted.slots = descriptors.size();
        byId[id] = submitted;
        order.add(submitted);
        freeSlots -= submitted.slots;
        sinceKick += submitted.slots;
    }

    @Override
    public int free() {
        return freeSlots;
    }

    @Override
    public void publish() {
        // The earliest head last: it shows the device all that follow.
        for (int[] head : hidden) {
            flags(ring, head[0], head[1]);
        }
        hidden.clear();
    }

    @Override
    public boolean isKickWanted() {
        if (sinceKick == 0) {
            return false;
        }
        int wish = (int) LE32_ORDERED.getAcquire(deviceEvent, 0L);
        return switch (wish >>> 16 & 3) {
            case ENABLE -> true;
            case DISABLE -> false;
            default -> isReached(wish);
        };
    }

    private boolean isReached(int wish) {
        int event = wish & 0x7FFF;
        if (((wish & 0x8000) != 0) != wrap) {
            event -= size;
        }
        int before = nextSlot - sinceKick;
        return before <= event && event < nextSlot;
    }

    @Override
    void kicked() {
        sinceKick = 0;
    }

    @Override
    public NotificationData next() {
        return new NotificationData(index(), nextSlot, wrap);
    }

    // ── Collecting ─────────────────────────────────────────────────────────

    @Override
    int takeUsed() {
        long at = (long) DESCRIPTOR_SIZE * usedSlot;
        int flags = (short) LE16_ORDERED.getAcquire(ring, at + 14);
        boolean available = (flags & F_AVAIL) != 0;
        if (available != usedWrap || ((flags & F_USED) != 0) != usedWrap) {
            return 0;
        }
        int id = ring.get(LE16, at + 12) & 0xFFFF;
        long length = (flags & F_WRITE) == 0 ? 0 : Integer.toUnsignedLong(ring.get(LE32, at + 8));
        Submitted last = id < size ? byId[id] : null;
        if (last == null) {
            throw new AssertionError("device used a buffer id that is not in flight: id=" + id
                    + " slot=" + usedSlot + " " + this);
        }
        int count = 1;
        if (inOrder) {
            // One used descriptor stands for all buffers up to this. [In-order use of descriptors]
            for (Submitted first = order.element(); first != last; first = order.element()) {
                finish(first, first.writableSize(), true);
                count++;
            }
        }
        finish(last, length, false);
        return count;
    }

    private void finish(Submitted submitted, long length, boolean skipped) {
        byId[submitted.id] = null;
        order.remove(submitted);
        freeIds.add(submitted.id);
        freeSlots += submitted.slots;
        usedSlot += submitted.slots;
        if (usedSlot >= size) {
            usedSlot -= size;
            usedWrap = !usedWrap;
        }
        submitted.used(length, skipped);
    }

    @Override
    public Collection<Submitted> pending() {
        return new ArrayList<>(order);
    }

    @Override
    void forget() {
        order.clear();
    }

    // ── Used buffer notifications ──────────────────────────────────────────

    @Override
    void interruptWhenUsed() {
        if (eventIndex) {
            interruptAt(1);
        } else {
            driverEvent(0, false, ENABLE);
        }
    }

    @Override
    void noInterrupts() {
        driverEvent(0, false, DISABLE);
    }

    @Override
    void interruptAt(int count) {
        int slot = usedSlot + count - 1;
        boolean beyond = slot >= size;
        driverEvent(beyond ? slot - size : slot, usedWrap != beyond, DESC);
    }

    /** Writes the driver's event suppression structure, whatever was negotiated. */
    public void driverEvent(int offset, boolean eventWrap, int flags) {
        int value = offset & 0x7FFF | (eventWrap ? 0x8000 : 0) | flags << 16;
        LE32_ORDERED.setRelease(driverEvent, 0L, value);
    }
}
