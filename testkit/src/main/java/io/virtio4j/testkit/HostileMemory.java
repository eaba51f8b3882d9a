// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit;

import io.virtio4j.core.memory.MemoryRegion;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * The memory of a hostile driver, laid out so that a device's every write can be judged. Rings and guards
 * lie in one region; buffers in another, the arena, where anything goes and behind which nothing is; a third
 * comes and goes; a fourth can only be read.
 *
 * <p>Buffers may lie in rings too, but never by the address that the rings are programmed with: each area
 * appears a second time, as a region of its own size with an address of its own. The first address is in no
 * descriptor, so however addresses are damaged, nothing but a device's mistake reaches the guards.
 */
final class HostileMemory {

    /** No bytes that a damaged descriptor could have by accident. */
    static final long RINGS = 0x36A5_91C7_4D80_0000L;
    private static final long ALIASES = 0x5E00_0000_0000L;
    private static final long ALIAS_DISTANCE = 1L << 32;
    static final long ARENA = 0x5B00_0000_0000L;
    static final long SPARE = 0x5C00_0000_0000L;
    static final long FIXED = 0x5D00_0000_0000L;

    static final int ARENA_SIZE = 0x1_0000;
    private static final int SPARE_SIZE = 0x1000;
    private static final long RINGS_SIZE = 1L << 20;

    private static final long[] NOWHERE = {0, 1, 0x1000, -1, -16, -4096, Long.MIN_VALUE, Long.MAX_VALUE};
    private static final long[] LENGTHS = {
        0, 1, 2, 3, 4, 7, 8, 12, 15, 16, 17, 31, 32, 48, 64, 511, 512, 513, 4095, 4096, 0x1_0000,
        0x7FFF_FFFFL, 0x8000_0000L, 0xFFFF_FFFFL};

    /**
     * Some bytes, or what is none.
     *
     * @param address where
     * @param length how many
     */
    record Span(long address, long length) {}

    final GuestRam ram = GuestRam.empty().add(RINGS, RINGS_SIZE);
    final GuestBuffer arena;
    private final MemoryRegion spare = MemoryRegion.allocate(SPARE, SPARE_SIZE);
    private final MemoryRegion fixed;
    private final SplittableRandom random;
    private final List<GuestBuffer> rings = new ArrayList<>();
    private final List<MemoryRegion> aliases = new ArrayList<>();
    private boolean spareIsThere = true;

    HostileMemory(SplittableRandom random) {
        this.random = random;
        ram.add(ARENA, ARENA_SIZE);
        arena = ram.at(ARENA, ARENA_SIZE);
        fixed = MemoryRegion.readOnly(FIXED, Arena.ofAuto().allocate(SPARE_SIZE, 16));
        ram.memory().add(fixed);
        ram.memory().add(spare);
    }

    /**
     * The rings from now on.
     *
     * @param exposed whether buffers may lie in them, and bytes of them change
     */
    void rings(List<RawQueue> queues, boolean exposed) {
        List<MemoryRegion> regions = new ArrayList<>(ram.memory().current().regions());
        regions.removeAll(aliases);
        rings.clear();
        aliases.clear();
        for (RawQueue queue : exposed ? queues : List.<RawQueue>of()) {
            alias(queue.descriptors());
            alias(queue.driverArea());
            alias(queue.deviceArea());
        }
        regions.addAll(aliases);
        ram.memory().replace(regions);
    }

    private void alias(GuestBuffer area) {
        rings.add(area);
        aliases.add(MemoryRegion.of(ALIASES + ALIAS_DISTANCE * aliases.size(), area.segment()));
    }

    /** Mostly good bytes of the arena, sometimes anything. */
    Span span() {
        int choice = random.nextInt(100);
        if (choice < 60) {
            return new Span(ARENA + random.nextInt(ARENA_SIZE), random.nextInt(600));
        }
        if (choice < 75) {
            return new Span(ARENA + ARENA_SIZE - random.nextInt(64), length());
        }
        if (choice < 83) {
            return new Span(SPARE + random.nextInt(SPARE_SIZE), random.nextInt(64));
        }
        if (choice < 89 && !aliases.isEmpty()) {
            MemoryRegion ring = aliases.get(random.nextInt(aliases.size()));
            long offset = random.nextLong(ring.length());
            return new Span(ring.guestAddress() + offset, random.nextLong(ring.length() - offset) + 1);
        }
        if (choice < 94) {
            return new Span(FIXED + random.nextInt(SPARE_SIZE), length());
        }
        return new Span(NOWHERE[random.nextInt(NOWHERE.length)], length());
    }

    long length() {
        return LENGTHS[random.nextInt(LENGTHS.length)];
    }

    /** A place in the arena with room for so many bytes. */
    long arenaOffset(int room) {
        return random.nextInt(ARENA_SIZE - room);
    }

    /** Takes the spare region away, or brings it back. */
    void toggleSpare() {
        if (spareIsThere) {
            ram.memory().remove(spare);
        } else {
            ram.memory().add(spare);
        }
        spareIsThere = !spareIsThere;
    }

    /** Changes some bytes that a device may be reading. */
    void flip(SplittableRandom chance) {
        for (int i = 0; i < 8; i++) {
            if (rings.isEmpty() || chance.nextInt(4) != 0) {
                arena.set(chance.nextInt(ARENA_SIZE), 1, chance.nextInt());
            } else {
                GuestBuffer ring = rings.get(chance.nextInt(rings.size()));
                ring.set(chance.nextLong(ring.length()), 1, chance.nextInt());
            }
        }
    }

    /**
     * Checks that the device wrote neither between the rings nor to what it may only read.
     *
     * @throws AssertionError if it did
     */
    void check() {
        ram.check();
        if (fixed.segment().mismatch(MemorySegment.ofArray(new byte[SPARE_SIZE])) >= 0) {
            throw new AssertionError("device wrote to memory that it may only read");
        }
    }
}
