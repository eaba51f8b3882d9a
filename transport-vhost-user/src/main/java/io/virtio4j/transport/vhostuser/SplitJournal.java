// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.vhostuser;

import io.virtio4j.core.queue.ChainJournal;
import io.virtio4j.core.queue.QueueState;
import io.virtio4j.core.wire.Le16;
import io.virtio4j.core.wire.Le64;
import io.virtio4j.core.wire.StructLayout;
import io.virtio4j.core.wire.U8;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Tracks the chains in work of a split ring. What another process may find at any moment is written in the order
 * that the protocol gives; what is read while the ring runs is this process's own copy. [Inflight I/O tracking]
 */
final class SplitJournal implements ChainJournal {

    private static final StructLayout REGION = StructLayout.of("QueueRegionSplit");
    private static final Le64 FEATURES = REGION.le64("features");
    private static final Le16 VERSION = REGION.le16("version");
    private static final Le16 DESC_NUM = REGION.le16("desc_num");
    private static final Le16 LAST_BATCH_HEAD = REGION.le16("last_batch_head");
    private static final Le16 USED_IDX = REGION.le16("used_idx");
    private static final int FIRST = REGION.size(16);

    private static final StructLayout ENTRY = StructLayout.of("DescStateSplit");
    private static final U8 INFLIGHT = ENTRY.u8("inflight");

    static {
        ENTRY.bytes("padding", 5);
    }

    private static final Le16 NEXT = ENTRY.le16("next");
    private static final Le64 COUNTER = ENTRY.le64("counter");
    private static final int ENTRY_SIZE = ENTRY.size(16);

    static final int CURRENT_VERSION = 1;

    private final MemorySegment region;
    private final int count;
    private final List<InFlight> inFlight = new ArrayList<>();
    private final int[] batch;
    private int batchSize;
    private int lastBatchHead;
    private int usedIndex;
    private long counter;

    /**
     * Finds out what was in work.
     *
     * @param part the ring's part of the region
     * @param size of the ring
     * @param ringUsed {@code idx} of the used ring
     * @throws Refusal if no back-end can have left it so
     */
    SplitJournal(InflightRegion.Part part, int size, int ringUsed) throws Refusal {
        region = part.segment();
        count = part.count();
        batch = new int[size];
        int version = VERSION.get(region, 0);
        if (version == 0) {
            begin(ringUsed);
        } else {
            resume(version, size, ringUsed);
        }
        usedIndex = ringUsed;
    }

    static long bytes(int count) {
        return FIRST + (long) ENTRY_SIZE * count;
    }

    private static long at(int entry) {
        return FIRST + (long) ENTRY_SIZE * entry;
    }

    private void begin(int ringUsed) {
        region.fill((byte) 0);
        FEATURES.set(region, 0, 0);
        DESC_NUM.set(region, 0, count);
        USED_IDX.set(region, 0, ringUsed);
        VERSION.setRelease(region, 0, CURRENT_VERSION);
    }

    private void resume(int version, int size, int ringUsed) throws Refusal {
        int used = USED_IDX.get(region, 0);
        int unsettled = (ringUsed - used) & 0xFFFF;
        int head = LAST_BATCH_HEAD.get(region, 0);
        if (version != CURRENT_VERSION || FEATURES.get(region, 0) != 0
                || DESC_NUM.get(region, 0) != count || unsettled > size || head >= count) {
            throw new Refusal("inflight region is not a split ring's: version=" + version + " desc_num="
                    + DESC_NUM.get(region, 0) + " expected=" + count + " used_idx=" + used + " ring="
                    + ringUsed + " last_batch_head=" + head);
        }
        lastBatchHead = head;
        // The last batch was used; whether it is still marked as in flight cannot be known.
        for (int i = 0; i < unsettled; i++) {
            if (head >= size) {
                throw new Refusal("inflight region: batch passes the ring: head=" + head + " size=" + size);
            }
            INFLIGHT.set(region, at(head), 0);
            head = NEXT.get(region, at(head));
        }
        USED_IDX.setRelease(region, 0, ringUsed);
        collect(size);
    }

    private void collect(int size) throws Refusal {
        record Found(int head, long counter) {}

        List<Found> found = new ArrayList<>();
        for (int head = 0; head < count; head++) {
            if (INFLIGHT.get(region, at(head)) != 0) {
                if (head >= size) {
                    throw new Refusal("inflight region: chain passes the ring: head=" + head + " size=" + size);
                }
                found.add(new Found(head, COUNTER.get(region, at(head))));
            }
        }
        found.sort(Comparator.comparing(Found::counter, Long::compareUnsigned));
        for (Found chain : found) {
            inFlight.add(new InFlight(chain.head, chain.head, List.of()));
            counter = chain.counter + 1;
        }
    }

    /** Where the ring goes on. */
    QueueState.Position position() {
        return new QueueState.Position((usedIndex + inFlight.size()) & 0xFFFF, false, usedIndex, false);
    }

    @Override
    public List<InFlight> inFlight() {
        return inFlight;
    }

    // ── While the ring runs ────────────────────────────────────────────────

    @Override
    public void descriptor(long address, long length, int id, int flags) {
        throw new UnsupportedOperationException("descriptors stand in their table");
    }

    @Override
    public int taken(int head) {
        COUNTER.set(region, at(head), counter++);
        VarHandle.releaseFence();
        INFLIGHT.set(region, at(head), 1);
        return head;
    }

    @Override
    public void putBack(int head) {
        INFLIGHT.set(region, at(head), 0);
    }

    @Override
    public void using(int head) {
        NEXT.set(region, at(head), lastBatchHead);
        lastBatchHead = head;
        LAST_BATCH_HEAD.setRelease(region, 0, head);
        // A driver can make a head available twice before it sees the first; once is enough to settle it.
        if (batchSize < batch.length) {
            batch[batchSize++] = head;
        }
    }

    @Override
    public void publishing(int newUsedIndex, boolean usedWrap) {
        usedIndex = newUsedIndex;
    }

    @Override
    public void published() {
        VarHandle.releaseFence();
        for (int i = 0; i < batchSize; i++) {
            INFLIGHT.set(region, at(batch[i]), 0);
        }
        batchSize = 0;
        USED_IDX.setRelease(region, 0, usedIndex);
    }
}
