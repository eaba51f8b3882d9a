// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.queue.DescriptorChain;
import io.virtio4j.core.queue.QueueHandler;
import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.core.queue.VirtQueue;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.DriverQueue;
import io.virtio4j.testkit.Layout;
import io.virtio4j.testkit.ScriptedDevice;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.TestDriver;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Used buffer notifications that a device holds back. */
class NotificationModerationTest {

    private final AtomicBoolean due = new AtomicBoolean();
    private final ScriptedDevice device = new ScriptedDevice();

    private TestDriver start(RingFormat format) {
        TestDriver driver = TestDriver.attach(device).start(DriverOptions.of(format));
        device.queue().moderate(due::get);
        return driver;
    }

    private static long notifications(TestDriver driver) {
        return driver.port().interrupts().count(0);
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void used_buffers_are_visible_and_the_notification_waits(RingFormat format) {
        try (TestDriver driver = start(format)) {
            DriverQueue queue = driver.queue(0);
            for (int i = 0; i < 5; i++) {
                queue.submit(new byte[1], 1);
                driver.runDevice();
            }
            assertEquals(0, notifications(driver));
            assertTrue(queue.pending().stream().noneMatch(Submitted::isUsed));
            assertEquals(5, queue.collect());

            due.set(true);
            device.queue().wake();
            driver.runDevice();
            assertEquals(0, notifications(driver), "the driver has looked already");
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void one_notification_covers_all_that_waited(RingFormat format) {
        try (TestDriver driver = start(format)) {
            for (int i = 0; i < 5; i++) {
                driver.queue(0).submit(new byte[1], 1);
                driver.runDevice();
            }
            due.set(true);
            device.queue().wake();
            driver.runDevice();
            assertEquals(1, notifications(driver));
            assertEquals(5, driver.queue(0).collect());

            device.queue().wake();
            driver.runDevice();
            assertEquals(1, notifications(driver), "nothing new");
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void a_driver_that_wants_none_gets_none(RingFormat format) {
        try (TestDriver driver = start(format)) {
            driver.queue(0).disableInterrupts();
            driver.queue(0).submit(new byte[1], 1);
            driver.runDevice();
            due.set(true);
            device.queue().wake();
            driver.runDevice();
            assertEquals(0, notifications(driver));
            assertEquals(1, driver.queue(0).collect());
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void a_suspension_and_a_migration_wait_for_nothing(RingFormat format) {
        try (TestDriver driver = start(format)) {
            driver.queue(0).submit(new byte[1], 1);
            driver.runDevice();
            assertEquals(0, notifications(driver));
            driver.suspend();
            assertEquals(1, notifications(driver));
            driver.resume();
            driver.queue(0).collect();

            driver.queue(0).submit(new byte[1], 1);
            driver.runDevice();
            driver.instance().save();
            assertEquals(2, notifications(driver));
            assertEquals(1, driver.queue(0).collect());
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void gathered_chains_are_seen_together(RingFormat format) {
        int chains = 40;
        try (TestDriver driver = TestDriver.attach(device).start(DriverOptions.of(format))) {
            DriverQueue queue = driver.queue(0).layout(Layout.WHOLE);
            for (int i = 0; i < chains; i++) {
                queue.add(new byte[0], 4);
            }
            queue.publish();
            int[] seenWithin = new int[chains];
            int[] handled = {0};
            device.handler = chain -> {
                if (handled[0] == 0) {
                    chain.queue().gather(true);
                }
                chain.writer().writeLe32(handled[0]);
                chain.complete();
                seenWithin[handled[0]++] = queue.collect();
                if (handled[0] == chains) {
                    chain.queue().gather(false);
                    chain.queue().publish();
                }
            };
            queue.kick();
            driver.runDevice();
            for (int i = 0; i < chains; i++) {
                assertEquals(0, seenWithin[i], "seen after chain " + i);
            }
            assertEquals(chains, queue.collect());
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void chains_put_back_after_the_last_one_wait_for_a_new_one(RingFormat format) {
        try (TestDriver driver = TestDriver.attach(device).start(DriverOptions.of(format))) {
            int[] turns = {0};
            Submitted[] sent = new Submitted[3];
            device.replace(0, new NeedsThree(turns));
            driver.resetQueue(0);
            DriverQueue queue = driver.setUpQueue(0);
            for (int i = 0; i < 2; i++) {
                sent[i] = queue.submit(new byte[0], 4);
                driver.runDevice();
                assertFalse(sent[i].isUsed());
            }
            int before = turns[0];
            device.queue().wake();
            driver.runDevice();
            assertEquals(before + 1, turns[0], "looks once, and rests");

            sent[2] = queue.add(new byte[0], 4);
            queue.publish();
            assertTrue(queue.kick(), "the device wants to know of the next buffer");
            driver.runDevice();
            assertEquals(3, queue.collect());
        }
    }

    /** Serves three chains at once, or none. */
    private static final class NeedsThree implements QueueHandler {

        private final int[] turns;

        NeedsThree(int[] turns) {
            this.turns = turns;
        }

        @Override
        public void service(VirtQueue queue) {
            turns[0]++;
            DescriptorChain[] taken = new DescriptorChain[3];
            int count = 0;
            while (count < 3) {
                DescriptorChain chain = queue.take();
                if (chain == null) {
                    break;
                }
                taken[count++] = chain;
            }
            for (int i = count - 1; i >= 0 && count < 3; i--) {
                taken[i].putBack();
            }
            for (int i = 0; i < 3 && count == 3; i++) {
                taken[i].complete(0);
            }
        }

        @Override
        public void handle(DescriptorChain chain) {
            throw new IllegalStateException("not called");
        }
    }
}
