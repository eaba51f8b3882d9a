// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.virtio4j.core.memory.GuestMemory;
import io.virtio4j.core.memory.MemoryRegion;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Guest memory with an allocator that notices strange hands: every allocation stands between two guard
 * zones, and memory that is not allocated has to stay zero. {@link #check()} fails when something wrote
 * where it must not.
 *
 * <p>Safe for use by several threads. Allocations go to the first region with room.
 */
public final class GuestRam implements AutoCloseable {

    /** Bytes of guard before and after an allocation. */
    public static final int GUARD = 64;

    /** The region that {@link #allocate()} makes starts here. */
    public static final long BASE = 0x10_0000;

    private static final long DEFAULT_SIZE = 2L << 20;

    /** Regions up to this size are looked at as a whole; of larger ones, what was ever in use. */
    private static final long SMALL = 16L << 20;

    private static final byte CANARY = (byte) 0xC7;
    private static final int CHUNK = 64 << 10;
    private static final MemorySegment ZEROES = Arena.global().allocate(CHUNK);

    private final GuestMemory memory = new GuestMemory();
    private final List<MemoryRegion> regions = new ArrayList<>();
    private final TreeMap<Long, Long> free = new TreeMap<>(Long::compareUnsigned); // start, length
    private final TreeMap<Long, Block> blocks = new TreeMap<>(Long::compareUnsigned);
    private final TreeMap<Long, Long> used = new TreeMap<>(Long::compareUnsigned); // region, high water

    private record Block(long address, long length, boolean guarded) {

        long start() {
            return guarded ? address - GUARD : address;
        }

        long span() {
            return guarded ? length + 2 * GUARD : length;
        }
    }

    private GuestRam() {}

    /** Memory of one region, 2 MiB from {@link #BASE}. */
    public static GuestRam allocate() {
        return empty().add(BASE, DEFAULT_SIZE);
    }

    /** Memory without regions. */
    public static GuestRam empty() {
        return new GuestRam();
    }

    /** Adds a region of zeroes; above 64 MiB it is sparse. */
    public GuestRam add(long address, long length) {
        return add(MemoryRegion.allocate(address, length));
    }

    /** Adds a region of zeroes. */
    public synchronized GuestRam add(MemoryRegion region) {
        memory.add(region);
        regions.add(region);
        if (!region.isReadOnly()) {
            free.put(region.guestAddress(), region.length());
            used.put(region.guestAddress(), region.guestAddress());
        }
        return this;
    }

    /** The memory, to be given to devices. */
    public GuestMemory memory() {
        return memory;
    }

    /** The regions, in the order in which they were added. */
    public synchronized List<MemoryRegion> regions() {
        return List.copyOf(regions);
    }

    // ── Allocations ────────────────────────────────────────────────────────

    /** Allocates zeroes, aligned to 16 bytes. */
    public GuestBuffer allocate(long length) {
        return allocate(length, 16);
    }

    /** Allocates zeroes, aligned to a power of two. */
    public synchronized GuestBuffer allocate(long length, int alignment) {
        for (Map.Entry<Long, Long> range : free.entrySet()) {
            long from = range.getKey();
            long address = (from + GUARD + alignment - 1) & -alignment;
            long end = address + length + GUARD;
            if (end - from <= range.getValue() && end - from > 0) {
                return take(new Block(address, length, true), from, range.getValue());
            }
        }
        throw new IllegalStateException("guest memory is exhausted, or in too many pieces: length=" + length
                + " free=" + free.values().stream().mapToLong(Long::longValue).sum() + " pieces=" + free.size()
                + " largest=" + free.values().stream().mapToLong(Long::longValue).max().orElse(0));
    }

    /**
     * Allocates zeroes at an address, without guards; they may cross from one region into the next.
     *
     * @throws IllegalArgumentException if a part of them is not free
     */
    public synchronized GuestBuffer at(long address, long length) {
        for (long done = 0; done < length; ) {
            Map.Entry<Long, Long> range = free.floorEntry(address + done);
            long offset = range == null ? -1 : address + done - range.getKey();
            if (range == null || offset >= range.getValue()) {
                throw new IllegalArgumentException("not free: address=0x"
                        + Long.toHexString(address + done));
            }
            long bytes = Math.min(length - done, range.getValue() - offset);
            take(new Block(address + done, bytes, false), range.getKey(), range.getValue());
            done += bytes;
        }
        return new GuestBuffer(this, address, length);
    }

    /** Bytes that were allocated as a part of something else, or that a test placed. */
    public GuestBuffer view(long address, long length) {
        return new GuestBuffer(this, address, length);
    }

    private GuestBuffer take(Block block, long from, long available) {
        long start = block.start();
        long end = start + block.span();
        requireZero(start, block.span());
        free.remove(from);
        if (start != from) {
            free.put(from, start - from);
        }
        if (end - from != available) {
            free.put(end, available - (end - from));
        }
        if (block.guarded) {
            run(start, GUARD).fill(CANARY);
            run(end - GUARD, GUARD).fill(CANARY);
        }
        blocks.put(block.address, block);
        Map.Entry<Long, Long> water = used.floorEntry(start);
        used.put(water.getKey(), Math.max(water.getValue(), end));
        return new GuestBuffer(this, block.address, block.length);
    }

    synchronized void free(GuestBuffer buffer) {
        for (long done = 0; done < buffer.length() || done == 0; ) {
            Block block = blocks.remove(buffer.address() + done);
            if (block == null) {
                throw new IllegalStateException("not allocated: " + buffer);
            }
            checkGuards(block);
            release(block);
            done += Math.max(1, block.length);
        }
    }

    private void release(Block block) {
        zero(block.start(), block.span());
        long start = block.start();
        long length = block.span();
        Long following = regionStartsAt(start + length) ? null : free.remove(start + length);
        if (following != null) {
            length += following;
        }
        Map.Entry<Long, Long> before = regionStartsAt(start) ? null : free.lowerEntry(start);
        if (before != null && before.getKey() + before.getValue() == start) {
            start = before.getKey();
            length += before.getValue();
        }
        free.put(start, length);
    }

    private boolean regionStartsAt(long address) {
        return used.containsKey(address);
    }

    // ── Checks ─────────────────────────────────────────────────────────────

    /**
     * Looks whether something wrote outside of what was allocated.
     *
     * @throws AssertionError if so; the message says where
     */
    public synchronized void check() {
        blocks.values().forEach(this::checkGuards);
        free.forEach((start, length) -> {
            MemoryRegion region = regionOf(start);
            long most = region.length() <= SMALL
                    ? length
                    : Math.max(0, Math.min(length, highWater(region) - start));
            requireZero(start, most);
        });
    }

    private long highWater(MemoryRegion region) {
        return Objects.requireNonNull(used.get(region.guestAddress()));
    }

    private void checkGuards(Block block) {
        if (block.guarded) {
            checkGuard(block, block.start());
            checkGuard(block, block.address + block.length);
        }
    }

    private void checkGuard(Block block, long start) {
        MemorySegment guard = run(start, GUARD);
        for (int i = 0; i < GUARD; i++) {
            if (guard.get(JAVA_BYTE, i) != CANARY) {
                throw new AssertionError("guard of guest memory was written: address=0x"
                        + Long.toHexString(start + i) + " allocation=0x"
                        + Long.toHexString(block.address) + "+0x" + Long.toHexString(block.length));
            }
        }
    }

    private void requireZero(long address, long length) {
        for (long done = 0; done < length; ) {
            MemorySegment run = run(address + done, Math.min(CHUNK, length - done));
            long odd = run.mismatch(ZEROES.asSlice(0, run.byteSize()));
            if (odd >= 0) {
                throw new AssertionError("free guest memory was written: address=0x"
                        + Long.toHexString(address + done + odd) + " value="
                        + run.get(JAVA_BYTE, odd));
            }
            done += run.byteSize();
        }
    }

    // ── Access ─────────────────────────────────────────────────────────────

    private void zero(long address, long length) {
        for (long done = 0; done < length; ) {
            MemorySegment run = run(address + done, length - done);
            run.fill((byte) 0);
            done += run.byteSize();
        }
    }

    void copy(long address, MemorySegment other, boolean write) {
        for (long done = 0; done < other.byteSize(); ) {
            MemorySegment run = run(address + done, other.byteSize() - done);
            MemorySegment part = other.asSlice(done, run.byteSize());
            if (write) {
                run.copyFrom(part);
            } else {
                part.copyFrom(run);
            }
            done += run.byteSize();
        }
    }

    /** The bytes from an address that lie in one region; at most {@code length}. */
    MemorySegment run(long address, long length) {
        MemoryRegion region = regionOf(address);
        long offset = address - region.guestAddress();
        return region.segment().asSlice(offset, Math.min(length, region.length() - offset));
    }

    private synchronized MemoryRegion regionOf(long address) {
        @Nullable MemoryRegion found = null;
        for (MemoryRegion region : regions) {
            if (region.contains(address, 1)) {
                found = region;
            }
        }
        if (found == null) {
            throw new IndexOutOfBoundsException("no guest memory: address=0x"
                    + Long.toHexString(address));
        }
        return found;
    }

    /** A copy of everything, to be compared later; for small memories. */
    public synchronized byte[][] copyOfRegions() {
        byte[][] copies = new byte[regions.size()][];
        Arrays.setAll(copies, i -> regions.get(i).segment().toArray(JAVA_BYTE));
        return copies;
    }

    /** Takes all regions away from the devices and frees them once nothing uses them. */
    @Override
    public synchronized void close() {
        List<MemoryRegion> owned = List.copyOf(regions);
        memory.replace(List.of()).whenQuiescent(() -> owned.forEach(MemoryRegion::closeLater));
    }
}
