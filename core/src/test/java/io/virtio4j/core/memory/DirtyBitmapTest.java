// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class DirtyBitmapTest {

    private static final int PAGE = 512;

    private final MemoryRegion low = MemoryRegion.allocate(0x1000, 200 * PAGE);
    private final MemoryRegion high = MemoryRegion.allocate(1L << 40, 3 * PAGE + 1);
    private final DirtyBitmap log = new DirtyBitmap(List.of(low, high), PAGE);

    private TreeSet<Long> harvest() {
        TreeSet<Long> pages = new TreeSet<>();
        assertEquals(log.harvest(page -> assertEquals(true, pages.add(page))), pages.size());
        return pages;
    }

    @Test
    void random_marks_are_harvested_once_each() {
        SplittableRandom random = new SplittableRandom(7);
        for (int round = 0; round < 200; round++) {
            TreeSet<Long> expected = new TreeSet<>();
            for (int i = random.nextInt(6); i > 0; i--) {
                long offset = random.nextLong(low.length());
                long length = 1 + random.nextLong(Math.min(5_000, low.length() - offset));
                log.mark(0x1000 + offset, length);
                for (long page = offset / PAGE; page <= (offset + length - 1) / PAGE; page++) {
                    expected.add(0x1000 + page * PAGE);
                }
            }
            assertEquals(expected, harvest());
        }
    }

    @Test
    void what_lies_outside_is_not_noted() {
        log.mark(0xFFF, 1);
        log.mark(low.guestAddress() + low.length(), 100);
        log.mark(high.guestAddress() + 3 * PAGE, 1_000_000);

        assertEquals(new TreeSet<>(List.of(high.guestAddress() + 3L * PAGE)), harvest());
    }

    @Test
    void a_page_has_a_power_of_two_of_bytes() {
        for (int size : new int[] {0, -1, 3, 4097}) {
            assertThrows(IllegalArgumentException.class, () -> new DirtyBitmap(List.of(low), size));
        }
    }
}
