// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.vhostuser;

import io.virtio4j.core.queue.ChainJournal;
import io.virtio4j.core.queue.QueueState;
import io.virtio4j.core.wire.Le16;
import io.virtio4j.core.wire.Le32;
import io.virtio4j.core.wire.Le64;
import io.virtio4j.core.wire.StructLayout;
import io.virtio4j.core.wire.U8;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.IntUnaryOperator;

/**
 * Tracks the chains in work of a packed ring, with a copy of their descriptors. What another process may find at
 * any moment is written in the order that the protocol gives; what is read while the ring runs is this process's
 * own copy. [Inflight I/O tracking]
 */
final class PackedJournal implements ChainJournal {

    /** The largest ring. */
    static final int LARGEST = 32768;

    private static final StructLayout REGION = StructLayout.of("QueueRegionPacked");
    private static final Le64 FEATURES = REGION.le64("features");
    private static final Le16 VERSION = REGION.le16("version");
    private static final Le16 DESC_NUM = REGION.le16("desc_num");
    private static final Le16 FREE_HEAD = REGION.le16("free_head");
    private static final Le16 OLD_FREE_HEAD = REGION.le16("old_free_head");
    private static final Le16 USED_IDX = REGION.le16("used_idx");
    private static final Le16 OLD_USED_IDX = REGION.le16("old_used_idx");
    private static final U8 USED_WRAP = REGION.u8("used_wrap_counter");
    private static final U8 OLD_USED_WRAP = REGION.u8("old_used_wrap_counter");
    private static final int FIRST;

    static {
        REGION.bytes("padding", 7);
        REGION.bytes("alignment of what follows", 3);
        FIRST = REGION.size(32);
    }

    /** {@code used_idx}, {@code old_used_idx}, {@code used_wrap_counter} and the old one, in this order. */
    private static final Le64 USED = new Le64(USED_IDX.offset());

    private static final int WRAP_SHIFT = 32;
    private static final long OLD_INDEX = 0xFFFF_0000L;
    private static final long OLD_WRAP = 1L << WRAP_SHIFT + Byte.SIZE;

    private static final StructLayout ENTRY = StructLayout.of("DescStatePacked");
    private static final U8 INFLIGHT = ENTRY.u8("inflight");

    static {
        ENTRY.bytes("padding", 1);
    }

    private static final Le16 NEXT = ENTRY.le16("next");
    private static final Le16 LAST = ENTRY.le16("last");
    private static final Le16 NUM = ENTRY.le16("num");
    private static final Le64 COUNTER = ENTRY.le64("counter");
    private static final Le16 ID = ENTRY.le16("id");
    private static final Le16 FLAGS = ENTRY.le16("flags");
    private static final Le32 LEN = ENTRY.le32("len");
    private static final Le64 ADDR = ENTRY.le64("addr");
    private static final int ENTRY_SIZE = ENTRY.size(32);

    private static final int CURRENT_VERSION = 1;
    private static final int F_AVAIL = 1 << 7;
    private static final int F_USED = 1 << 15;

    /** No entry. */
    private static final int NONE = -1;

    private final MemorySegment region;
    private final int count;
    private final int size;
    private final List<InFlight> inFlight = new ArrayList<>();

    /** The links of {@code next}, between free entries and between those of a chain. */
    private final int[] next;

    /** For the head of a chain: its last entry. */
    private final int[] last;

    private final int[] batch;
    private int batchSize;
    private int free = NONE;
    private long counter;

    // Where the ring is.
    private int usedIndex;
    private boolean usedWrap;
    private int oldUsedIndex;
    private boolean oldUsedWrap;
    private int slotsInFlight;

    // The chain that is being taken.
    private int head = NONE;
    private int tail = NONE;
    private int cursor;
    private int descriptors;
    private boolean full;

    /**
     * Finds out what was in work.
     *
     * @param part the ring's part of the region
     * @param size of the ring
     * @param begin where the ring begins if the region is new
     * @param ringFlags reads the flags of a slot of the ring
     * @throws Refusal if no back-end can have left it so
     */
    PackedJournal(InflightRegion.Part part, int size, QueueState.Position begin, IntUnaryOperator ringFlags)
            throws Refusal {
        region = part.segment();
        count = part.count();
        this.size = size;
        next = new int[count];
        last = new int[count];
        batch = new int[count];
        int version = VERSION.get(region, 0);
        if (version == 0) {
            usedIndex = begin.usedIndex();
            usedWrap = begin.usedWrap();
        } else {
            check(version);
            settle(ringFlags);
        }
        boolean[] owned = new boolean[count];
        collect(owned);
        writeFreeList(owned);
        VERSION.setRelease(region, 0, CURRENT_VERSION);
    }

    static long bytes(int count) {
        return FIRST + (long) ENTRY_SIZE * count;
    }

    private static long at(int entry) {
        return FIRST + (long) ENTRY_SIZE * entry;
    }

    // ── What was in work ───────────────────────────────────────────────────

    private void check(int version) throws Refusal {
        if (version != CURRENT_VERSION || FEATURES.get(region, 0) != 0 || DESC_NUM.get(region, 0) != count
                || USED_IDX.get(region, 0) >= size || OLD_USED_IDX.get(region, 0) >= size
                || USED_WRAP.get(region, 0) > 1 || OLD_USED_WRAP.get(region, 0) > 1
                || FREE_HEAD.get(region, 0) > count || OLD_FREE_HEAD.get(region, 0) > count) {
            throw new Refusal("inflight region is not a packed ring's: version=" + version + " desc_num="
                    + DESC_NUM.get(region, 0) + " expected=" + count + " used_idx=" + USED_IDX.get(region, 0)
                    + " old_used_idx=" + OLD_USED_IDX.get(region, 0) + " size=" + size + " free_head="
                    + FREE_HEAD.get(region, 0) + " old_free_head=" + OLD_FREE_HEAD.get(region, 0));
        }
    }

    /** > commit the in-progress update, or roll it back: whether the driver can see it decides. */
    private void settle(IntUnaryOperator ringFlags) throws Refusal {
        usedIndex = OLD_USED_IDX.get(region, 0);
        usedWrap = OLD_USED_WRAP.get(region, 0) == 1;
        int oldFree = OLD_FREE_HEAD.get(region, 0);
        int newIndex = USED_IDX.get(region, 0);
        boolean newWrap = USED_WRAP.get(region, 0) == 1;
        boolean began = newIndex != usedIndex || newWrap != usedWrap;
        if (began && isUsed(ringFlags.applyAsInt(usedIndex))) {
            int entry = FREE_HEAD.get(region, 0);
            for (int steps = 0; entry != oldFree; steps++) {
                if (entry >= count || steps == count) {
                    throw new Refusal("inflight region: the last batch does not end: entry=" + entry
                            + " old_free_head=" + oldFree + " desc_num=" + count);
                }
                INFLIGHT.set(region, at(entry), 0);
                entry = NEXT.get(region, at(entry));
            }
            usedIndex = newIndex;
            usedWrap = newWrap;
        } else if (oldFree < count) {
            // A chain that was being taken, if any: it is available still.
            INFLIGHT.set(region, at(oldFree), 0);
        }
    }

    private boolean isUsed(int flags) {
        return ((flags & F_AVAIL) != 0) == usedWrap && ((flags & F_USED) != 0) == usedWrap;
    }

    private void collect(boolean[] owned) throws Refusal {
        record Found(int head, long counter, InFlight chain) {}

        List<Found> found = new ArrayList<>();
        for (int entry = 0; entry < count; entry++) {
            if (INFLIGHT.get(region, at(entry)) != 0) {
                found.add(new Found(entry, COUNTER.get(region, at(entry)), chain(entry, owned)));
            }
        }
        found.sort(Comparator.comparing(Found::counter, Long::compareUnsigned));
        for (Found one : found) {
            inFlight.add(one.chain);
            counter = one.counter + 1;
        }
        if (slotsInFlight > size) {
            throw new Refusal("inflight region: more descriptors than the ring has: descriptors="
                    + slotsInFlight + " size=" + size);
        }
    }

    private InFlight chain(int first, boolean[] owned) throws Refusal {
        int length = NUM.get(region, at(first));
        List<Descriptor> list = new ArrayList<>();
        int entry = first;
        int end = first;
        for (int i = 0; i < length; i++) {
            if (entry >= count || owned[entry] || length > size) {
                throw new Refusal("inflight region: chain is none: head=" + first + " num=" + length + " entry="
                        + entry + " desc_num=" + count);
            }
            owned[entry] = true;
            list.add(new Descriptor(ADDR.get(region, at(entry)), LEN.get(region, at(entry)),
                    FLAGS.get(region, at(entry))));
            end = entry;
            entry = NEXT.get(region, at(entry));
            next[end] = entry;
        }
        if (length == 0 || end != LAST.get(region, at(first))) {
            throw new Refusal("inflight region: chain ends elsewhere: head=" + first + " num=" + length
                    + " end=" + end + " last=" + LAST.get(region, at(first)));
        }
        last[first] = end;
        slotsInFlight += length;
        // > the buffer id is in the last descriptor of the list
        return new InFlight(first, ID.get(region, at(end)), list);
    }

    /** Links all that is free anew: who forged the list before gains nothing. */
    private void writeFreeList(boolean[] owned) {
        for (int entry = count - 1; entry >= 0; entry--) {
            if (!owned[entry]) {
                link(entry, free);
                INFLIGHT.set(region, at(entry), 0);
                free = entry;
            }
        }
        FEATURES.set(region, 0, 0);
        DESC_NUM.set(region, 0, count);
        FREE_HEAD.set(region, 0, orEnd(free));
        commit();
    }

    /** Where the ring goes on. */
    QueueState.Position position() {
        int available = usedIndex + slotsInFlight;
        boolean wraps = available >= size;
        return new QueueState.Position(wraps ? available - size : available, usedWrap ^ wraps,
                usedIndex, usedWrap);
    }

    @Override
    public List<InFlight> inFlight() {
        return inFlight;
    }

    // ── Links ──────────────────────────────────────────────────────────────

    private void link(int entry, int to) {
        next[entry] = to;
        NEXT.set(region, at(entry), orEnd(to));
    }

    /** The end of the list is one past the last entry. */
    private int orEnd(int entry) {
        return entry == NONE ? count : entry;
    }

    /** Both indices with their wrap counters, in one access: no other process finds half of it. */
    private void writeUsed() {
        long used = (long) usedIndex | (usedWrap ? 1L << WRAP_SHIFT : 0);
        long old = (long) oldUsedIndex | (oldUsedWrap ? 1L << WRAP_SHIFT : 0);
        USED.setRelease(region, 0, used | old << Short.SIZE & OLD_INDEX | old << Byte.SIZE & OLD_WRAP);
    }

    private void commit() {
        VarHandle.releaseFence();
        OLD_FREE_HEAD.set(region, 0, orEnd(free));
        oldUsedIndex = usedIndex;
        oldUsedWrap = usedWrap;
        writeUsed();
    }

    // ── While the ring runs ────────────────────────────────────────────────

    @Override
    public void descriptor(long address, long length, int id, int flags) {
        if (head == NONE) {
            head = free;
            cursor = free;
            descriptors = 0;
        }
        if (cursor == NONE) {
            full = true; // more than the ring has: a driver that made them up
            return;
        }
        int entry = cursor;
        ADDR.set(region, at(entry), address);
        LEN.set(region, at(entry), length);
        FLAGS.set(region, at(entry), flags);
        ID.set(region, at(entry), id);
        tail = entry;
        cursor = next[entry];
        descriptors++;
    }

    @Override
    public int taken(int id) {
        int entry = head;
        head = NONE;
        if (full || entry == NONE) {
            full = false;
            return NONE;
        }
        last[entry] = tail;
        LAST.set(region, at(entry), tail);
        NUM.set(region, at(entry), descriptors);
        COUNTER.set(region, at(entry), counter++);
        VarHandle.releaseFence();
        INFLIGHT.set(region, at(entry), 1);
        VarHandle.releaseFence();
        free = cursor;
        FREE_HEAD.set(region, 0, orEnd(free));
        VarHandle.releaseFence();
        OLD_FREE_HEAD.set(region, 0, orEnd(free));
        return entry;
    }

    @Override
    public void putBack(int entry) {
        if (entry != NONE) {
            INFLIGHT.set(region, at(entry), 0);
            VarHandle.releaseFence();
            free(entry);
            OLD_FREE_HEAD.set(region, 0, orEnd(free));
        }
    }

    private void free(int entry) {
        link(last[entry], free);
        free = entry;
        VarHandle.releaseFence();
        FREE_HEAD.set(region, 0, entry);
    }

    @Override
    public void using(int entry) {
        if (entry != NONE) {
            batch[batchSize++] = entry;
        }
    }

    /** Entries become free only here: what is taken in between must not write over those of the batch. */
    @Override
    public void publishing(int newUsedIndex, boolean newUsedWrap) {
        for (int i = 0; i < batchSize; i++) {
            free(batch[i]);
        }
        VarHandle.releaseFence();
        usedIndex = newUsedIndex;
        usedWrap = newUsedWrap;
        writeUsed();
    }

    @Override
    public void published() {
        VarHandle.releaseFence();
        for (int i = 0; i < batchSize; i++) {
            INFLIGHT.set(region, at(batch[i]), 0);
        }
        batchSize = 0;
        commit();
    }
}
