// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.memory.GuestMemory;
import io.virtio4j.core.memory.MemoryMap;
import io.virtio4j.core.memory.MemoryRegion;
import io.virtio4j.core.memory.RegionRemoval;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.BitSet;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Memory that is there and that no device may touch. */
class WithheldMemoryTest {

    private static MemoryRegion region(long address, long length) {
        return MemoryRegion.of(address, Arena.ofAuto().allocate(length));
    }

    private static String regions(GuestMemory memory) {
        StringBuilder text = new StringBuilder();
        for (MemoryRegion region : memory.current().regions()) {
            text.append(Long.toHexString(region.guestAddress())).append('+')
                    .append(Long.toHexString(region.length())).append(' ');
        }
        return text.toString().strip();
    }

    @Test
    void a_range_is_cut_out_of_the_regions_that_hold_it() {
        MemoryRegion low = region(0x1000, 0x1000);
        MemoryRegion high = region(0x2000, 0x1000);
        GuestMemory memory = GuestMemory.of(low, high);
        memory.withhold(0x1800, 0x1000);
        assertEquals("1000+800 2800+800", regions(memory));
        assertEquals(List.of(low, high), memory.current().added());
        memory.withhold(0x1000, 0x100);
        assertEquals("1100+700 2800+800", regions(memory));
        memory.grant(0x1900, 0x80);
        assertEquals("1100+700 1900+80 2800+800", regions(memory));
        memory.grant(0, 0x4000);
        assertEquals("1000+1000 2000+1000", regions(memory));
    }

    @Test
    void a_part_shows_the_bytes_of_its_region() {
        GuestMemory memory = GuestMemory.of(region(0x1000, 0x1000));
        memory.write(0x1900, MemorySegment.ofArray(new byte[] {7}));
        memory.withhold(0x1000, 0x800);
        byte[] found = new byte[1];
        memory.read(0x1900, MemorySegment.ofArray(found));
        assertEquals(7, found[0]);
        assertThrows(IndexOutOfBoundsException.class, () -> memory.read(0x1000, MemorySegment.ofArray(found)));
        assertNull(memory.current().resolve(0x17FF, 2, false));
    }

    @Test
    void a_range_stays_withheld_whatever_region_comes() {
        GuestMemory memory = new GuestMemory();
        memory.withhold(0x1800, 0x1000);
        assertEquals("", regions(memory));
        MemoryRegion region = region(0x1000, 0x1000);
        memory.add(region);
        assertEquals("1000+800", regions(memory));
        memory.remove(region);
        assertEquals("", regions(memory));
        memory.replace(List.of(region(0x2000, 0x1000)));
        assertEquals("2800+800", regions(memory));
    }

    @Test
    void whoever_uses_the_range_is_waited_for() {
        GuestMemory memory = GuestMemory.of(region(0x1000, 0x1000));
        MemoryMap used = memory.pin();
        RegionRemoval removal = memory.withhold(0x1000, 0x1000);
        assertFalse(removal.isQuiescent());
        used.unpin();
        assertTrue(removal.isQuiescent());
    }

    @Test
    void a_range_may_end_with_the_address_space_and_not_pass_it() {
        GuestMemory memory = GuestMemory.of(region(-0x2000, 0x2000));
        memory.withhold(-0x1000, 0x1000);
        assertEquals("ffffffffffffe000+1000", regions(memory));
        memory.withhold(0, 0x1000);
        memory.grant(-0x1000, 0x800);
        assertEquals("ffffffffffffe000+1800", regions(memory));
        assertThrows(IllegalArgumentException.class, () -> memory.withhold(-0x1000, 0x1001));
        assertThrows(IllegalArgumentException.class, () -> memory.grant(0, 0));
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void any_sequence_leaves_what_a_set_of_addresses_leaves(long seed) {
        System.out.println("seed=" + seed);
        SplittableRandom random = new SplittableRandom(seed);
        GuestMemory memory = GuestMemory.of(region(10, 40), region(60, 10), region(70, 5), region(90, 100));
        BitSet there = new BitSet();
        memory.current().added().forEach(region -> there.set((int) region.guestAddress(),
                (int) (region.guestAddress() + region.length())));
        BitSet withheld = new BitSet();
        for (int step = 0; step < 2_000; step++) {
            int from = random.nextInt(200);
            int length = 1 + random.nextInt(random.nextBoolean() ? 3 : 60);
            boolean withhold = random.nextBoolean();
            withheld.set(from, from + length, withhold);
            (withhold ? memory.withhold(from, length) : memory.grant(from, length)).isQuiescent();
            for (int address = 0; address < 260; address++) {
                assertEquals(there.get(address) && !withheld.get(address), memory.current().find(address) != null,
                        "seed=" + seed + " step=" + step + " address=" + address);
            }
        }
    }
}
