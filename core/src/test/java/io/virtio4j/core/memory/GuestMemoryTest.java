// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.memory;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.Pipe;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class GuestMemoryTest {

    private final MemoryRegion low = MemoryRegion.allocate(0x1000, 0x1000);
    private final MemoryRegion next = MemoryRegion.allocate(0x2000, 0x1000);
    private final MemoryRegion high = MemoryRegion.allocate(-0x1000, 0x1000);
    private final GuestMemory memory = GuestMemory.of(high, next, low);

    // ── Looking up ─────────────────────────────────────────────────────────

    @Test
    void every_address_is_found_in_its_region_and_holes_in_none() {
        MemoryMap map = memory.current();

        assertEquals(List.of(low, next, high), map.regions());
        for (MemoryRegion region : map.regions()) {
            assertSame(region, map.find(region.guestAddress()));
            assertSame(region, map.find(region.guestAddress() + 0xFFF));
        }
        for (long hole : new long[] {0, 0xFFF, 0x3000, Long.MAX_VALUE, Long.MIN_VALUE, -0x1001}) {
            assertNull(map.find(hole), Long.toHexString(hole));
        }
    }

    @Test
    void a_copy_crosses_regions_and_stops_at_a_hole() {
        byte[] bytes = new byte[64];
        new Random(1).nextBytes(bytes);

        memory.write(0x2000 - 20, MemorySegment.ofArray(bytes));

        byte[] read = new byte[64];
        memory.read(0x2000 - 20, MemorySegment.ofArray(read));
        assertArrayEquals(bytes, read);
        assertThrows(IndexOutOfBoundsException.class,
                () -> memory.read(0x3000 - 20, MemorySegment.ofArray(read)));
    }

    @Test
    void regions_that_overlap_are_refused_and_nothing_changes() {
        MemoryMap before = memory.current();

        for (long address : new long[] {0x1000, 0x1FFF, 0x500, -0x1800}) {
            assertThrows(IllegalArgumentException.class,
                    () -> memory.add(MemoryRegion.allocate(address, 0x1000)));
        }

        assertSame(before, memory.current());
        assertThrows(IllegalArgumentException.class,
                () -> memory.remove(MemoryRegion.allocate(0x8000, 16)));
    }

    @Test
    void a_ring_area_lies_in_one_region_with_the_access_that_it_needs() {
        MemoryMap map = memory.current();
        assertNotNull(map.resolve(0x1FF0, 16, true));
        assertNull(map.resolve(0x1FF0, 17, true)); // two regions are not contiguous on the host
        assertNull(map.resolve(0x2FF0, 17, true));
        MemoryRegion rom = MemoryRegion.readOnly(0x9000, Arena.ofAuto().allocate(64));
        memory.add(rom);
        assertNotNull(memory.current().resolve(0x9000, 64, false));
        assertNull(memory.current().resolve(0x9000, 64, true));
    }

    @Test
    void a_translated_ring_area_has_to_be_contiguous_behind_the_translation() {
        // Pages of 256 bytes: bus page n is physical page n, but two of them are exchanged.
        memory.translator((address, length, write, result) -> {
            long page = address >>> 8;
            long physical = page == 0x14 ? 0x15 : page == 0x15 ? 0x14 : page;
            result.set(physical << 8 | address & 0xFF, 0x100 - (address & 0xFF));
            return page >= 0x12 && page <= 0x1E && !(write && page == 0x1E);
        });
        MemoryMap map = memory.current();

        assertNotNull(map.resolve(0x1200, 0x200, true));
        assertNull(map.resolve(0x1380, 0x100, true));
        assertEquals(0x1500, map.resolve(0x1400, 0x100, true).physicalAddress());
        assertNotNull(map.resolve(0x1E00, 0x100, false));
        assertNull(map.resolve(0x1E00, 0x100, true));
        assertNull(map.resolve(0x1180, 0x100, false));
    }

    // ── Removal ────────────────────────────────────────────────────────────

    @Test
    void a_removal_is_quiescent_at_once_when_nothing_is_in_use() {
        List<String> done = new ArrayList<>();
        RegionRemoval removal = memory.remove(low);
        removal.whenQuiescent(() -> done.add("unmapped"));

        assertTrue(removal.isQuiescent());
        assertEquals(List.of("unmapped"), done);
        assertNull(memory.current().find(0x1000));
    }

    @Test
    void a_removal_waits_for_every_map_that_may_still_show_the_region() throws Exception {
        MemoryMap oldest = memory.pin();
        memory.add(MemoryRegion.allocate(0x10_0000, 16));
        MemoryMap older = memory.pin();
        List<String> done = new ArrayList<>();

        RegionRemoval removal = memory.remove(low);
        removal.whenQuiescent(() -> done.add("unmapped"));
        MemoryMap newest = memory.pin();
        older.unpin();
        assertFalse(removal.isQuiescent());
        assertFalse(removal.await(0, TimeUnit.NANOSECONDS));
        oldest.repin();
        oldest.unpin();
        assertFalse(removal.isQuiescent());
        oldest.unpin();

        assertTrue(removal.await(0, TimeUnit.NANOSECONDS)); // the newest does not show it
        assertEquals(List.of("unmapped"), done);
        newest.unpin();
    }

    @Test
    void an_action_that_fails_is_not_the_problem_of_the_last_user() {
        MemoryMap map = memory.pin();
        memory.remove(low).whenQuiescent(() -> {
            throw new IllegalStateException("unmap failed");
        });

        map.unpin();

        assertSame(next, memory.current().find(0x2000));
    }

    @Test
    void memory_that_is_in_use_is_freed_after_its_last_use() {
        MemoryMap map = memory.pin();
        memory.close();
        assertTrue(low.segment().scope().isAlive());

        map.unpin();

        awaitFreed(low);
        awaitFreed(high);
    }

    /** The host's own I/O holds the memory, which the library does not know of. */
    @Test
    void memory_that_a_transfer_holds_is_freed_after_it() throws IOException, InterruptedException {
        Pipe pipe = Pipe.open();
        AtomicReference<Throwable> failure = new AtomicReference<>();
        ByteBuffer target = low.segment().asByteBuffer();
        Thread reader = Thread.ofPlatform().start(() -> {
            try {
                pipe.source().read(target);
            } catch (IOException | RuntimeException e) {
                failure.set(e);
            }
        });
        while (!isReading(reader)) {
            Thread.onSpinWait();
        }

        memory.close(); // returns: it does not wait for the transfer
        awaitFreed(next);
        assertTrue(low.segment().scope().isAlive());
        pipe.sink().write(ByteBuffer.wrap(new byte[16]));
        reader.join();

        awaitFreed(low);
        assertNull(failure.get());
        pipe.source().close();
        pipe.sink().close();
    }

    /** In the native call, which comes after the memory was acquired. */
    private static boolean isReading(Thread reader) {
        return Arrays.stream(reader.getStackTrace())
                .anyMatch(frame -> frame.isNativeMethod() && frame.getMethodName().startsWith("read"));
    }

    private static void awaitFreed(MemoryRegion region) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (region.segment().scope().isAlive()) {
            assertTrue(System.nanoTime() < deadline, () -> "never freed: " + region);
            Thread.onSpinWait();
        }
    }

    // ── Dirty log ──────────────────────────────────────────────────────────

    @Test
    void what_the_embedder_writes_is_logged_too() {
        DirtyBitmap log = new DirtyBitmap(memory.current().regions(), 0x100);
        memory.dirtyLog(log);

        memory.write(0x1FFF, MemorySegment.ofArray(new byte[2]));

        List<Long> pages = new ArrayList<>();
        assertEquals(2, log.harvest(pages::add));
        assertEquals(List.of(0x1F00L, 0x2000L), pages);
        assertEquals(0, log.harvest(pages::add));
    }

    @Test
    void a_log_that_begins_is_used_by_all_when_its_change_is_quiescent() {
        MemoryMap before = memory.pin();
        RegionRemoval begun = memory.dirtyLog((address, length) -> {});

        assertFalse(begun.isQuiescent());
        assertNull(before.dirtyLog());
        before.unpin();

        assertTrue(begun.isQuiescent());
        assertNotNull(memory.current().dirtyLog());
    }
}
