// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.balloon;

import io.virtio4j.core.device.CounterTable;
import io.virtio4j.core.memory.DirtyLog;
import io.virtio4j.core.memory.GuestMemory;
import io.virtio4j.core.memory.MemoryMap;
import io.virtio4j.core.memory.MemoryRegion;
import io.virtio4j.core.memory.PageRelease;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Pages of the guest, on their way back to the host. Any thread. */
final class GuestPages {

    private static final Logger LOG = LoggerFactory.getLogger(GuestPages.class);

    private static final int PAGE = BalloonDevice.PAGE_SIZE;

    private final GuestMemory memory;
    private final PageRelease release;
    private final long granule;
    private final CounterTable<BalloonCounter> counters;
    private final AtomicBoolean failureLogged;

    GuestPages(GuestMemory memory, PageRelease release, CounterTable<BalloonCounter> counters,
            AtomicBoolean failureLogged) {
        this.memory = memory;
        this.release = release;
        this.granule = release.granule();
        this.counters = counters;
        this.failureLogged = failureLogged;
    }

    /** Gives whole pages back, by their guest-physical address. */
    void giveBack(long address, long length) {
        MemoryMap map = memory.pin();
        try {
            long end = address + length;
            for (long at = address; at < end; ) {
                MemoryRegion region = map.find(at);
                if (region == null) {
                    counters.count(BalloonCounter.NOWHERE);
                    at += PAGE;
                    continue;
                }
                long offset = at - region.guestAddress();
                long here = Math.min(end - at, region.length() - offset);
                giveBack(map, region, offset, here);
                at += here + PAGE - 1 & -PAGE;
            }
        } finally {
            map.unpin();
        }
    }

    /** Gives back what lies in a segment of guest memory, by the place there. The caller has it pinned. */
    void giveBack(MemorySegment segment, long offset, long length) {
        MemoryMap map = memory.current();
        giveBack(map, map.dirtyLog() == null ? null : regionOf(map, segment), segment, offset, length);
    }

    private static @Nullable MemoryRegion regionOf(MemoryMap map, MemorySegment segment) {
        for (MemoryRegion region : map.regions()) {
            if (region.segment() == segment) {
                return region;
            }
        }
        return null;
    }

    private void giveBack(MemoryMap map, MemoryRegion region, long offset, long length) {
        if (region.isReadOnly()) {
            counters.count(BalloonCounter.KEPT, length / PAGE);
            return;
        }
        giveBack(map, region, region.segment(), offset, length);
    }

    /** Whole pages of the host alone: what shares a page with something else stays. */
    private void giveBack(
            MemoryMap map, @Nullable MemoryRegion region, MemorySegment segment, long offset, long length) {
        long address = segment.address() + offset;
        long begin = address + granule - 1 & -granule;
        long end = address + length & -granule;
        if (begin >= end || !releases(segment, begin - segment.address(), end - begin)) {
            counters.count(BalloonCounter.KEPT, length / PAGE);
            return;
        }
        counters.count(BalloonCounter.RELEASED, (end - begin) / PAGE);
        counters.count(BalloonCounter.KEPT, length / PAGE - (end - begin) / PAGE);
        DirtyLog log = map.dirtyLog();
        if (log != null && region != null) {
            log.mark(region.guestAddress() + begin - segment.address(), end - begin);
        }
    }

    private boolean releases(MemorySegment segment, long offset, long length) {
        try {
            return release.release(segment, offset, length);
        } catch (IOException | RuntimeException e) {
            counters.count(BalloonCounter.RELEASE_ERRORS);
            if (failureLogged.compareAndSet(false, true)) {
                LOG.warn("pages are not given back, further failures are only counted: release={} offset=0x{}"
                        + " length={}", release, Long.toHexString(offset), length, e);
            }
            return false;
        }
    }
}
