// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.queue;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.virtio4j.core.memory.GuestMemory;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class UsedOrderTest {

    private static final int SIZE = 7;

    /** Chains complete in any order, and some are put back; what leaves is in the order of what came. */
    @Test
    void chains_leave_in_the_order_in_which_they_were_taken() {
        try (GuestMemory memory = GuestMemory.allocate(1 << 16)) {
            QueueConfig config = new QueueConfig(0, "testq", 8);
            VirtQueue queue = new VirtQueue(config,
                    new RingFeatures(RingFormat.PACKED, false, true, true),
                    QueueState.initial(RingFormat.PACKED),
                    new QueueContext(memory, new SilentListener(), new QueueCounters(), Runner.manual()));
            for (long seed = 0; seed < 500; seed++) {
                SplittableRandom random = new SplittableRandom(seed);
                UsedOrder order = new UsedOrder(SIZE);
                List<DescriptorChain> taken = new ArrayList<>();
                List<DescriptorChain> working = new ArrayList<>();
                for (int step = 0; step < 200; step++) {
                    int choice = random.nextInt(5);
                    if (choice < 2 && taken.size() < SIZE) {
                        DescriptorChain chain = new DescriptorChain(queue, step, memory.current());
                        order.taken(chain);
                        taken.add(chain);
                        working.add(chain);
                    } else if (choice == 2 && !working.isEmpty()
                            && working.getLast() == taken.getLast()) {
                        order.putBack();
                        taken.removeLast();
                        working.removeLast();
                    } else if (!working.isEmpty()) {
                        working.remove(random.nextInt(working.size())).endInOrder();
                    }
                    while (!taken.isEmpty() && !working.contains(taken.getFirst())) {
                        assertEquals(taken.removeFirst(), order.next(), "seed=" + seed);
                    }
                    assertNull(order.next());
                }
            }
        }
    }
}
