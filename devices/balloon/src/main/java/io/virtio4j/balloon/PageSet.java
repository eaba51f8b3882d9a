// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.balloon;

import io.virtio4j.core.memory.MemoryMap;
import io.virtio4j.core.memory.MemoryRegion;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicLongArray;

/** Pages of guest memory, as bits: as many as the memory has, whatever the driver says. One thread adds, any looks. */
final class PageSet {

    private static final int PAGE = BalloonDevice.PAGE_SIZE;

    private final MemoryMap map;
    private final MemorySegment[] segments;
    private final AtomicLongArray[] bits;

    PageSet(MemoryMap map) {
        this.map = map;
        int regions = map.regions().size();
        segments = new MemorySegment[regions];
        bits = new AtomicLongArray[regions];
        for (int i = 0; i < regions; i++) {
            MemoryRegion region = map.region(i);
            segments[i] = region.segment();
            bits[i] = new AtomicLongArray((int) (region.length() / PAGE / Long.SIZE + 1));
        }
    }

    /** Adds the whole pages of a range; says how many are new. Memory that came later is not known. */
    long add(MemorySegment segment, long offset, long length) {
        for (int i = 0; i < segments.length; i++) {
            if (segments[i] == segment) {
                long misaligned = map.region(i).guestAddress() & PAGE - 1;
                // By numbers in the region; one whose address is not a page's has none.
                return misaligned != 0 ? 0 : add(bits[i], offset + PAGE - 1 & -PAGE, offset + length & -PAGE);
            }
        }
        return 0;
    }

    private static long add(AtomicLongArray words, long begin, long end) {
        long added = 0;
        for (long page = begin / PAGE; page < end / PAGE; ) {
            int word = (int) (page / Long.SIZE);
            long last = Math.min(end / PAGE, (word + 1L) * Long.SIZE); // exclusive
            int count = (int) (last - page);
            long mask = (count == Long.SIZE ? -1L : (1L << count) - 1) << page % Long.SIZE;
            long before = words.getPlain(word);
            words.setRelease(word, before | mask);
            added += Long.bitCount(mask & ~before);
            page = last;
        }
        return added;
    }

    /** Whether the page of a guest-physical address is there. */
    boolean contains(long address) {
        int index = map.indexOf(address);
        if (index < 0) {
            return false;
        }
        long page = (address - map.region(index).guestAddress()) / PAGE;
        return (bits[index].getAcquire((int) (page / Long.SIZE)) >>> page % Long.SIZE & 1) != 0;
    }
}
