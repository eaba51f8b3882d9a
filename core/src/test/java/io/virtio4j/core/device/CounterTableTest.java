// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;

/** What devices count. */
class CounterTableTest {

    private enum Meal implements Counter {
        BREAKFASTS, DINNERS;

        @Override
        public String label() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    @Test
    void counts_of_all_rows_are_added_up_and_each_can_be_read() {
        CounterTable<Meal> table = CounterTable.rows(2, Meal.class);
        table.count(Meal.DINNERS);
        table.count(0, Meal.DINNERS, 2);
        table.countAlone(1, Meal.DINNERS, 5);
        table.countAlone(1, Meal.DINNERS, 5);
        assertEquals(13, table.get(Meal.DINNERS));
        assertEquals(3, table.get(Meal.DINNERS, 0));
        assertEquals(10, table.get(Meal.DINNERS, 1));
        assertEquals(0, table.get(Meal.BREAKFASTS));
        assertEquals(2, table.rows());
        assertThrows(IndexOutOfBoundsException.class, () -> table.get(Meal.DINNERS, 2));
    }

    @Test
    void counters_of_any_device_are_shown_in_their_order() {
        CounterTable<Meal> table = CounterTable.of(Meal.class);
        table.count(Meal.BREAKFASTS, 7);
        Counters<?> anything = table;
        List<String> shown = new ArrayList<>();
        anything.forEach((counter, value) -> shown.add(counter.label() + " " + value));
        assertEquals(List.of("breakfasts 7", "dinners 0"), shown);
        assertEquals(List.of(Meal.values()), table.all());
        assertEquals("BREAKFASTS=7 DINNERS=0", table.toString());
    }

    @Test
    void threads_lose_no_count() throws InterruptedException {
        CounterTable<Meal> table = CounterTable.of(Meal.class);
        int each = 50_000;
        Runnable eat = () -> {
            for (int i = 0; i < each; i++) {
                table.count(Meal.DINNERS);
            }
        };
        List<Thread> threads = List.of(Thread.ofPlatform().start(eat), Thread.ofPlatform().start(eat));
        for (Thread thread : threads) {
            thread.join();
        }
        assertEquals(2 * each, table.get(Meal.DINNERS));
    }

    @Test
    void a_device_that_counts_nothing_shows_nothing() {
        List<String> shown = new ArrayList<>();
        Counters<?> nothing = Counters.none();
        nothing.forEach((counter, value) -> shown.add(counter.name()));
        assertEquals(List.of(), shown);
    }
}
