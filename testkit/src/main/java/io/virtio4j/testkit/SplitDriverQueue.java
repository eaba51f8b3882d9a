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

/** The driver's half of a split virtqueue. [Split Virtqueues] */
public final class SplitDriverQueue extends DriverQueue {

    private static final int IDX = 2;
    private static final int AVAIL_RING = 4;
    private static final int USED_RING = 4;
    private static final int USED_ELEM = 8;

    private final MemorySegment table;
    private final MemorySegment avail;
    private final MemorySegment used;

    private final @Nullable Submitted[] byHead;
    private final Deque<Submitted> order = new ArrayDeque<>(); // as made available
    private final ArrayDeque<Integer> freeDescriptors = new ArrayDeque<>();

    /** Free-running indices, modulo 2^16. */
    private int added;

    private int published;
    private int kicked;
    private int lastUsed;

    SplitDriverQueue(Setup setup) {
        super(setup, (long) DESCRIPTOR_SIZE * setup.size(), 6 + 2L * setup.size(),
                6 + 8L * setup.size());
        table = descriptorArea().segment();
        avail = driverArea().segment();
        used = deviceArea().segment();
        byHead = new Submitted[size];
        for (int i = 0; i < size; i++) {
            freeDescriptors.add(i);
        }
    }

    @Override
    public RingFormat format() {
        return RingFormat.SPLIT;
    }

    // ── Submitting ─────────────────────────────────────────────────────────

    @Override
    void writeTableEntry(MemorySegment to, int index, Descriptor entry, boolean last) {
        write(to, index, entry, (entry.writable() ? F_WRITE : 0) | (last ? 0 : F_NEXT), index + 1);
    }

    private static void write(MemorySegment to, int index, Descriptor entry, int flags, int next) {
        long at = (long) DESCRIPTOR_SIZE * index;
        to.set(LE64, at, entry.address());
        to.set(LE32, at + 8, (int) entry.length());
        to.set(LE16, at + 12, (short) flags);
        to.set(LE16, at + 14, (short) next);
    }

    @Override
    void place(Submitted submitted, List<Descriptor> ring, boolean indirect) {
        // > With IN_ORDER, the driver uses descriptors in ring order, so it takes and returns them in order.
        int[] taken = new int[ring.size()];
        for (int i = 0; i < taken.length; i++) {
            taken[i] = freeDescriptors.remove();
        }
        for (int i = 0; i < taken.length; i++) {
            boolean last = i == taken.length - 1;
            int flags = (last ? 0 : F_NEXT) | (last && indirect ? F_INDIRECT : 0)
                    | (ring.get(i).writable() ? F_WRITE : 0);
            write(table, taken[i], ring.get(i), flags, last ? 0 : taken[i + 1]);
        }
        submitted.id = taken[0];
        submitted.taken = taken;
        byHead[taken[0]] = submitted;
        order.add(submitted);
        avail.set(LE16, AVAIL_RING + 2L * (added & (size - 1)), (short) taken[0]);
        added = (added + 1) & 0xFFFF;
    }

    @Override
    public int free() {
        return freeDescriptors.size();
    }

    @Override
    public void publish() {
        published = added;
        LE16_ORDERED.setRelease(avail, (long) IDX, (short) published);
    }

    @Override
    public boolean isKickWanted() {
        if (kicked == published) {
            return false;
        }
        if (eventIndex) {
            int event = (short) LE16_ORDERED.getAcquire(used, availEvent());
            return ((published - event - 1) & 0xFFFF) < ((published - kicked) & 0xFFFF);
        }
        return ((short) LE16_ORDERED.getAcquire(used, 0L) & 1) == 0;
    }

    private long availEvent() {
        return USED_RING + (long) USED_ELEM * size;
    }

    @Override
    void kicked() {
        kicked = published;
    }

    @Override
    public NotificationData next() {
        return new NotificationData(index(), published & 0x7FFF, (published & 0x8000) != 0);
    }

    /** The available index as the device sees it. */
    public int publishedIndex() {
        return published;
    }

    // ── Collecting ─────────────────────────────────────────────────────────

    /** The used index that the device wrote last. */
    public int usedIndex() {
        return (short) LE16_ORDERED.getAcquire(used, (long) IDX) & 0xFFFF;
    }

    @Override
    int takeUsed() {
        int idx = usedIndex();
        int count = 0;
        while (lastUsed != idx) {
            long at = USED_RING + (long) USED_ELEM * (lastUsed & (size - 1));
            long id = Integer.toUnsignedLong(used.get(LE32, at));
            long length = Integer.toUnsignedLong(used.get(LE32, at + 4));
            Submitted last = id < size ? byHead[(int) id] : null;
            if (last == null) {
                throw new AssertionError("device used a head that is not in flight: id=" + id
                        + " entry=" + lastUsed + " " + this);
            }
            int batch = inOrder ? finishUntil(last, length) : finish(last, length, false);
            count += batch;
            if (batch > ((idx - lastUsed) & 0xFFFF)) {
                throw new AssertionError("device used more buffers than its idx says: idx=" + idx
                        + " expected=" + ((lastUsed + batch) & 0xFFFF) + " " + this);
            }
            lastUsed = (lastUsed + batch) & 0xFFFF;
        }
        return count;
    }

    /** One entry stands for all buffers up to {@code last}. [In-order use of descriptors] */
    private int finishUntil(Submitted last, long length) {
        int batch = 1;
        for (Submitted first = order.element(); first != last; first = order.element()) {
            finish(first, first.writableSize(), true);
            batch++;
        }
        finish(last, length, false);
        return batch;
    }

    private int finish(Submitted submitted, long length, boolean skipped) {
        byHead[submitted.id] = null;
        order.remove(submitted);
        for (int descriptor : submitted.taken) {
            freeDescriptors.add(descriptor);
        }
        submitted.used(length, skipped);
        return 1;
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
        interruptAt(1);
    }

    @Override
    void noInterrupts() {
        if (eventIndex) {
            usedEvent(lastUsed - 1);
        } else {
            LE16_ORDERED.setRelease(avail, 0L, (short) 1);
        }
    }

    @Override
    void interruptAt(int count) {
        if (eventIndex) {
            usedEvent(lastUsed + count - 1);
        } else {
            LE16_ORDERED.setRelease(avail, 0L, (short) 0);
        }
    }

    /** Writes {@code used_event}, whatever was negotiated. */
    public void usedEvent(int event) {
        LE16_ORDERED.setRelease(avail, AVAIL_RING + 2L * size, (short) event);
    }
}
