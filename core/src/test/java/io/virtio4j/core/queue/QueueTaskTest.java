// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.queue;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.memory.GuestMemory;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Who owns a queue, and what wakes it. */
class QueueTaskTest {

    /** Keeps tasks in the order in which they were scheduled; a task may be in it once. */
    private static final class ListingRunner implements Runner {

        final Deque<QueueTask> listed = new ArrayDeque<>();

        @Override
        public void schedule(QueueTask task) {
            assertFalse(listed.contains(task), "scheduled twice");
            listed.add(task);
        }

        /** Gives the first task its turn; says whether there was one. */
        boolean turn() {
            QueueTask task = listed.poll();
            if (task != null && task.run()) {
                schedule(task);
            }
            return task != null;
        }

        @Override
        public void close() {}
    }

    private final GuestMemory memory = GuestMemory.allocate(1 << 16);
    private final ListingRunner runner = new ListingRunner();
    private final List<String> turns = new ArrayList<>();
    private Runnable during = () -> {};
    private final VirtQueue queue = queue();

    private VirtQueue queue() {
        QueueConfig config = new QueueConfig(0, "testq", 16);
        config.driverArea(0x1000);
        config.deviceArea(0x2000);
        return new VirtQueue(config, new RingFeatures(RingFormat.SPLIT, false, true, false),
                QueueState.initial(RingFormat.SPLIT),
                new QueueContext(memory, new SilentListener(), new QueueCounters(), runner));
    }

    private void run() {
        queue.run(new QueueHandler() {
            @Override
            public void handle(DescriptorChain chain) {}

            @Override
            public void service(VirtQueue serviced) {
                turns.add("turn");
                during.run();
                assertNull(serviced.take());
            }
        });
    }

    @AfterEach
    void free() {
        memory.close();
    }

    private int rest() {
        int count = 0;
        while (runner.turn()) {
            count++;
            assertTrue(count < 100, "does not come to rest");
        }
        return count;
    }

    @Test
    void a_queue_that_starts_looks_at_its_ring_once() {
        run();
        assertEquals(1, rest());
        assertEquals(1, turns.size());
    }

    @Test
    void many_wake_ups_before_a_turn_are_one_turn() {
        run();
        rest();
        for (int i = 0; i < 10; i++) {
            queue.wake();
        }
        assertEquals(1, rest());
    }

    @Test
    void a_wake_up_during_a_turn_is_followed_by_another() {
        run();
        rest();
        turns.clear();
        during = () -> {
            if (turns.size() < 3) {
                queue.wake();
            }
        };
        queue.wake();
        assertEquals(3, rest());
        assertEquals(3, turns.size());
    }

    @Test
    void a_queue_that_is_held_takes_no_turn_and_loses_no_wake_up() {
        run();
        rest();
        turns.clear();
        assertTrue(queue.hold());
        assertTrue(queue.hold());
        queue.wake();
        assertEquals(0, rest());
        queue.unhold();
        assertEquals(0, rest());
        queue.unhold();
        assertEquals(1, rest());
        assertEquals(1, turns.size());
    }

    @Test
    void a_queue_that_is_held_while_it_is_scheduled_has_its_turn_later() {
        run();
        rest();
        turns.clear();
        queue.wake();
        queue.hold();
        queue.unhold(); // it is in the runner's list still, and must not come there twice
        assertEquals(1, runner.listed.size());
        assertEquals(1, rest());
        queue.wake();
        queue.hold();
        rest(); // the runner came by
        assertEquals(1, turns.size());
        queue.unhold();
        assertEquals(1, rest());
        assertEquals(2, turns.size());
    }

    @Test
    void a_hold_from_inside_of_a_turn_lasts_from_its_end() {
        run();
        rest();
        turns.clear();
        during = () -> {
            if (turns.size() == 1) {
                assertFalse(queue.hold());
                queue.wake();
            }
        };
        queue.wake();
        rest();
        assertEquals(1, turns.size());
        queue.unhold();
        rest();
        assertEquals(2, turns.size());
    }

    @Test
    void a_queue_that_was_stopped_takes_no_turn_whatever_wakes_it() {
        run();
        rest();
        turns.clear();
        queue.wake();
        queue.stop();
        queue.stop();
        queue.wake();
        queue.notifyAvailable();
        rest();
        assertEquals(0, turns.size());
    }

    /** Holds, wake-ups and turns in any order: each wake-up is followed by a turn once nothing holds. */
    @Test
    void no_order_of_holds_and_wake_ups_loses_a_turn() {
        run();
        rest();
        for (long seed = 0; seed < 2_000; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            int held = 0;
            boolean due = false;
            for (int step = 0; step < 30; step++) {
                switch (random.nextInt(4)) {
                    case 0 -> {
                        queue.hold();
                        held++;
                    }
                    case 1 -> {
                        if (held > 0) {
                            queue.unhold();
                            held--;
                        }
                    }
                    case 2 -> {
                        queue.wake();
                        due = true;
                    }
                    default -> {
                        int before = turns.size();
                        runner.turn();
                        if (turns.size() > before) {
                            assertEquals(0, held, "seed=" + seed);
                            due = false;
                        }
                    }
                }
            }
            for (; held > 0; held--) {
                queue.unhold();
            }
            int before = turns.size();
            rest();
            assertTrue(!due || turns.size() > before, "seed=" + seed);
        }
    }
}
