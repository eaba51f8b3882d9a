// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.balloon;

import org.jspecify.annotations.Nullable;

/** A memory statistic of the guest. [Memory Balloon Device / Memory Statistics Tags] */
public enum BalloonStatistic {
    /** Bytes swapped in. */
    SWAP_IN(0),
    /** Bytes swapped out. */
    SWAP_OUT(1),
    /** Major page faults. */
    MAJFLT(2),
    /** Minor page faults. */
    MINFLT(3),
    /** Bytes not used for any purpose. */
    MEMFREE(4),
    /** Bytes in all. */
    MEMTOT(5),
    /** Bytes available without pushing the system to swap. */
    AVAIL(6),
    /** Bytes that could be reclaimed quickly, such as those of disk caches. */
    CACHES(7),
    /** Successful allocations of huge pages. */
    HTLB_PGALLOC(8),
    /** Failed allocations of huge pages. */
    HTLB_PGFAIL(9),
    /** Times that a process was ended for want of memory; from Linux 6.12 on, as the rest. */
    OOM_KILL(10),
    /** Times that an allocation stalled. */
    ALLOC_STALL(11),
    /** Bytes scanned in the background. */
    ASYNC_SCAN(12),
    /** Bytes scanned by those who allocate. */
    DIRECT_SCAN(13),
    /** Bytes reclaimed in the background. */
    ASYNC_RECLAIM(14),
    /** Bytes reclaimed by those who allocate. */
    DIRECT_RECLAIM(15);

    private static final BalloonStatistic[] ALL = values();

    private final int tag;

    BalloonStatistic(int tag) {
        this.tag = tag;
    }

    /** Its number. */
    public int tag() {
        return tag;
    }

    /** The one with a number; none if it is not known. */
    static @Nullable BalloonStatistic ofTag(int tag) {
        return tag < ALL.length ? ALL[tag] : null;
    }
}
