// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.mem;

import io.virtio4j.core.device.CounterTable;
import io.virtio4j.core.memory.GuestMemory;
import io.virtio4j.core.memory.MemoryMap;
import io.virtio4j.core.memory.MemoryRegion;
import io.virtio4j.core.memory.PageRelease;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Gives unplugged memory back to the host. Guarded by the device's lock. */
final class UnpluggedPages {

    private static final Logger LOG = LoggerFactory.getLogger(MemDevice.class);

    private final PageRelease release;
    private final CounterTable<MemCounter> counters;
    private boolean failureLogged;

    UnpluggedPages(MemDeviceBuilder options, CounterTable<MemCounter> counters) {
        this.release = options.release;
        this.counters = counters;
    }

    /** Gives a range back; all of these memories show the same pages, so the first that has them will do. */
    void release(List<GuestMemory> memories, long address, long length) {
        if (release == PageRelease.NONE) {
            return;
        }
        for (GuestMemory memory : memories) {
            MemoryMap map = memory.pin();
            try {
                if (releaseIn(map.added(), address, length)) {
                    return;
                }
            } finally {
                map.unpin();
            }
        }
    }

    /** Says whether the range is in these regions. */
    private boolean releaseIn(List<MemoryRegion> regions, long address, long length) {
        boolean found = false;
        for (MemoryRegion region : regions) {
            long from = Math.max(address, region.guestAddress());
            long to = Math.min(address + length, region.guestAddress() + region.length());
            if (from < to) {
                found = true;
                release(region, from - region.guestAddress(), to - from);
            }
        }
        return found;
    }

    private void release(MemoryRegion region, long offset, long length) {
        try {
            if (release.release(region.segment(), offset, length)) {
                counters.count(MemCounter.RELEASED, length);
                return;
            }
            failed(region, offset, length, null);
        } catch (IOException | RuntimeException e) {
            failed(region, offset, length, e);
        }
    }

    /** The first failure is logged, all are counted. */
    private void failed(MemoryRegion region, long offset, long length, @Nullable Exception cause) {
        counters.count(MemCounter.RELEASE_ERRORS);
        if (!failureLogged) {
            failureLogged = true;
            LOG.warn("unplugged memory could not be given back, further failures are only counted: region={} offset={}"
                    + " length={}", region, offset, length, cause);
        }
    }
}
