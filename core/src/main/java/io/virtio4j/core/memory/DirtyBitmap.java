// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.memory;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.List;
import java.util.function.LongConsumer;

/** A {@link DirtyLog} with one bit a page, for the regions that existed when it was made. */
public final class DirtyBitmap implements DirtyLog {

    private record Part(long address, long length, long[] words) {}

    /**
     * Bits are set by read-modify-write even if they are set already: the bytes that were written have to be
     * visible before, or a harvest in between could miss them.
     */
    private static final VarHandle WORD = MethodHandles.arrayElementVarHandle(long[].class);

    private final Part[] parts;
    private final int pageShift;

    /**
     * Creates a clean bitmap.
     *
     * @param regions the regions to cover; writes to others are not noted
     * @param pageSize bytes a bit stands for; a power of two
     */
    public DirtyBitmap(List<MemoryRegion> regions, int pageSize) {
        if (pageSize < 1 || Integer.bitCount(pageSize) != 1) {
            throw new IllegalArgumentException("page size is no power of two: pageSize=" + pageSize);
        }
        this.pageShift = Integer.numberOfTrailingZeros(pageSize);
        this.parts = new Part[regions.size()];
        for (int i = 0; i < parts.length; i++) {
            MemoryRegion region = regions.get(i);
            long pages = ((region.length() - 1) >>> pageShift) + 1;
            long[] words = new long[Math.toIntExact((pages + 63) >>> 6)];
            parts[i] = new Part(region.guestAddress(), region.length(), words);
        }
    }

    /** Bytes that a bit stands for. */
    public int pageSize() {
        return 1 << pageShift;
    }

    @Override
    public void mark(long address, long length) {
        for (Part part : parts) {
            long offset = address - part.address;
            if (offset >= 0 && offset < part.length) {
                long last = Math.min(offset + length, part.length) - 1;
                for (long page = offset >>> pageShift; page <= last >>> pageShift; page++) {
                    WORD.getAndBitwiseOr(part.words, (int) (page >>> 6), 1L << page);
                }
                return;
            }
        }
    }

    /**
     * Takes every dirty page and clears it, in one step a page: a write that comes meanwhile is in
     * this harvest or in the next.
     *
     * @param page takes the guest-physical address of each dirty page, per region ascending
     * @return how many there were
     */
    public long harvest(LongConsumer page) {
        long found = 0;
        for (Part part : parts) {
            for (int word = 0; word < part.words.length; word++) {
                boolean clean = (long) WORD.getOpaque(part.words, word) == 0;
                long bits = clean ? 0 : (long) WORD.getAndSet(part.words, word, 0L);
                found += Long.bitCount(bits);
                for (; bits != 0; bits &= bits - 1) {
                    long index = ((long) word << 6) + Long.numberOfTrailingZeros(bits);
                    page.accept(part.address + (index << pageShift));
                }
            }
        }
        return found;
    }
}
