// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.memory;

import java.util.ArrayList;
import java.util.List;

/** A set of guest-physical addresses, as ranges that do not touch each other. Immutable. */
final class AddressRanges {

    static final AddressRanges NONE = new AddressRanges(List.of());

    /**
     * Addresses that follow each other.
     *
     * @param first the lowest
     * @param last the highest, unsigned as all addresses are: a range may end with the address space
     */
    private record Range(long first, long last) {

        static Range of(long address, long length) {
            if (length <= 0 || Long.compareUnsigned(address, -length) > 0) {
                throw new IllegalArgumentException("range is empty or passes the end of the address space: address=0x"
                        + Long.toHexString(address) + " length=" + length);
            }
            return new Range(address, address + (length - 1));
        }

        boolean isBefore(Range other) {
            return Long.compareUnsigned(last, other.first) < 0;
        }

        /** Whether there is no address between them. */
        boolean isJustBefore(Range other) {
            return last + 1 == other.first;
        }
    }

    private final List<Range> ranges; // ascending

    private AddressRanges(List<Range> ranges) {
        this.ranges = ranges;
    }

    AddressRanges with(long address, long length) {
        Range added = Range.of(address, length);
        List<Range> result = new ArrayList<>();
        int at = 0;
        for (; at < ranges.size() && ranges.get(at).isBefore(added) && !ranges.get(at).isJustBefore(added); at++) {
            result.add(ranges.get(at));
        }
        for (; at < ranges.size(); at++) {
            Range range = ranges.get(at);
            if (added.isBefore(range) && !added.isJustBefore(range)) {
                break;
            }
            added = new Range(min(added.first, range.first), max(added.last, range.last));
        }
        result.add(added);
        result.addAll(ranges.subList(at, ranges.size()));
        return new AddressRanges(result);
    }

    AddressRanges without(long address, long length) {
        Range removed = Range.of(address, length);
        List<Range> result = new ArrayList<>();
        for (Range range : ranges) {
            if (range.isBefore(removed) || removed.isBefore(range)) {
                result.add(range);
                continue;
            }
            if (Long.compareUnsigned(range.first, removed.first) < 0) {
                result.add(new Range(range.first, removed.first - 1));
            }
            if (Long.compareUnsigned(removed.last, range.last) < 0) {
                result.add(new Range(removed.last + 1, range.last));
            }
        }
        return new AddressRanges(result);
    }

    /** What of these regions lies outside of the ranges. Both ascend. */
    MemoryRegion[] cut(MemoryRegion[] regions) {
        if (ranges.isEmpty()) {
            return regions;
        }
        List<MemoryRegion> result = new ArrayList<>();
        int next = 0;
        for (MemoryRegion region : regions) {
            Range whole = Range.of(region.guestAddress(), region.length());
            while (next < ranges.size() && ranges.get(next).isBefore(whole)) {
                next++;
            }
            cut(region, whole, next, result);
        }
        return result.toArray(new MemoryRegion[0]);
    }

    private void cut(MemoryRegion region, Range whole, int next, List<MemoryRegion> result) {
        long from = whole.first;
        for (int at = next; at < ranges.size() && !whole.isBefore(ranges.get(at)); at++) {
            Range range = ranges.get(at);
            if (Long.compareUnsigned(from, range.first) < 0) {
                result.add(region.part(from, range.first - from));
            }
            if (Long.compareUnsigned(whole.last, range.last) <= 0) {
                return;
            }
            from = range.last + 1;
        }
        result.add(from == whole.first ? region : region.part(from, whole.last - from + 1));
    }

    private static long min(long a, long b) {
        return Long.compareUnsigned(a, b) < 0 ? a : b;
    }

    private static long max(long a, long b) {
        return Long.compareUnsigned(a, b) > 0 ? a : b;
    }
}
