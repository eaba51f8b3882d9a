// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit.core;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.device.CoreFeature;
import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.core.queue.Runner;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.DriverQueue;
import io.virtio4j.testkit.NotificationData;
import io.virtio4j.testkit.RawQueue;
import io.virtio4j.testkit.RawQueue.Raw;
import io.virtio4j.testkit.ScriptedDevice;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.TestDriver;
import io.virtio4j.testkit.conformance.HostileCase;
import io.virtio4j.testkit.conformance.HostileCases;
import io.virtio4j.testkit.conformance.Normative;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** [Virtqueues / Available Buffer Notification Suppression], and hostile notifications. */
class AvailableBufferNotificationSuppressionTest {

    /** What the used ring's flags are while a chain is served. */
    private static List<Long> flagsDuringWork(CoreFeature... without) {
        List<Long> seen = new ArrayList<>();
        ScriptedDevice device = new ScriptedDevice();
        try (RawRig rig = new RawRig(device, RingFormat.SPLIT, 8, without)) {
            device.handler = chain -> {
                seen.add(rig.queue.deviceArea().get(0, 2));
                ScriptedDevice.echo(chain);
            };
            for (int i = 0; i < 20; i++) {
                rig.assertAlive();
                seen.add(rig.queue.deviceArea().get(0, 2));
            }
        }
        return seen;
    }

    @Test
    @Normative({"SPL-16", "SPL-17", "SPL-X8"})
    void without_event_idx_flags_is_1_during_work_and_0_at_rest() {
        List<Long> seen = flagsDuringWork(CoreFeature.EVENT_IDX);

        for (int i = 0; i < seen.size(); i += 2) {
            assertEquals(1, seen.get(i));
            assertEquals(0, seen.get(i + 1));
        }
    }

    @Test
    @Normative("SPL-18")
    void with_event_idx_flags_stays_0() {
        assertTrue(flagsDuringWork().stream().allMatch(flags -> flags == 0));
    }

    @Test
    @Normative("SPL-18")
    void with_event_idx_flags_becomes_0_whatever_the_driver_left_there() {
        try (TestDriver driver = TestDriver.attach(new ScriptedDevice())) {
            driver.reset().negotiate(DriverOptions.split());
            RawQueue queue = RawQueue.enable(driver, 0, 8);
            queue.deviceArea().set(0, 2, 1);

            driver.driverOk();
            driver.runDevice();

            assertEquals(0, queue.deviceArea().get(0, 2));
        }
    }

    @Test
    @Normative("SPL-19")
    void with_event_idx_avail_event_names_the_next_entry_at_rest() {
        try (RawRig rig = new RawRig(RingFormat.SPLIT, 8)) {
            for (int idx = 0; idx < 70_000; idx++) {
                assertEquals(idx & 0xFFFF, rig.queue.deviceArea().get(4 + 8 * 8, 2));
                rig.queue.chain(new Raw(rig.readable.address(), 1, 0));
                rig.run();
            }
        }
    }

    @Test
    void packed_rings_name_the_next_descriptor_at_rest() {
        try (RawRig rig = new RawRig(RingFormat.PACKED, 5)) {
            boolean wrap = true;
            for (int i = 0; i < 23; i++) {
                assertEquals(i % 5 | (wrap ? 0x8000 : 0), rig.queue.deviceArea().get(0, 2));
                assertEquals(2, rig.queue.deviceArea().get(2, 2));
                rig.use(new Raw(rig.readable.address(), 1, 0));
                wrap ^= i % 5 == 4;
            }
        }
    }

    @Test
    @Normative("PKD-X3")
    void packed_rings_are_quiet_during_work_and_enabled_at_rest_without_event_idx() {
        List<Long> seen = new ArrayList<>();
        ScriptedDevice device = new ScriptedDevice();
        try (RawRig rig = new RawRig(device, RingFormat.PACKED, 8, CoreFeature.EVENT_IDX)) {
            device.handler = chain -> {
                seen.add(rig.queue.deviceArea().get(2, 2));
                ScriptedDevice.echo(chain);
            };
            rig.assertAlive();
            assertEquals(List.of(1L), seen);
            assertEquals(0, rig.queue.deviceArea().get(2, 2));
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void a_batch_is_told_with_one_notification(RingFormat format) {
        try (TestDriver driver = TestDriver.attach(new ScriptedDevice()).start(DriverOptions.of(format))) {
            DriverQueue queue = driver.queue(0);
            driver.runDevice();
            for (int round = 0; round < 50; round++) {
                assertFalse(queue.kick());
                queue.add(new byte[1], 1);
                queue.add(new byte[1], 1);
                queue.publish();
                assertTrue(queue.kick());
                assertFalse(queue.kick());
                queue.awaitAll();
            }
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @Normative("SPL-20")
    @HostileCase("EV-4")
    void spurious_notifications_do_no_harm(RingFormat format) {
        try (RawRig rig = new RawRig(format, 8)) {
            long interrupts = rig.driver.port().interrupts().total();
            for (int i = 0; i < 10_000; i++) {
                rig.queue.kick();
            }
            assertEquals(1, rig.driver.runDevice()); // all in one turn
            assertEquals(interrupts, rig.driver.port().interrupts().total());
            assertEquals(0, rig.counters().chains());
            rig.assertAlive();
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @Normative({"COR-1", "COR-9"})
    @HostileCase("EV-4")
    void a_storm_of_notifications_by_another_thread_consumes_nothing_too_early(RingFormat format)
            throws Exception {
        ScriptedDevice device = new ScriptedDevice();
        TestDriver driver = TestDriver.attach(device, builder -> builder.runner(
                Runner.workerPerDevice(Thread.ofPlatform().daemon().factory())));
        try (driver) {
            Thread storm = Thread.ofPlatform().start(() -> {
                while (!Thread.currentThread().isInterrupted()) {
                    driver.port().notifyQueue(0);
                }
            });
            for (int i = 0; i < 30; i++) {
                driver.reset().negotiate(DriverOptions.of(format)).setUpQueues();
                Submitted early = driver.queue(0).add(new byte[] {1}, 1);
                driver.queue(0).publish();
                long before = driver.instance().counters(0).chains();
                assertEquals(before, driver.instance().counters(0).chains());
                assertFalse(early.isUsed());
                driver.driverOk().queue(0).await(early);
                assertEquals(before + 1, driver.instance().counters(0).chains());
            }
            storm.interrupt();
            storm.join();
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @HostileCase("EV-3")
    void notifications_for_queues_that_are_not_there_or_not_ready_are_ignored(RingFormat format) {
        try (TestDriver driver = TestDriver.attach(new ScriptedDevice().queues(2, 8))) {
            driver.reset().negotiate(DriverOptions.of(format));
            RawQueue queue = RawQueue.enable(driver, 0, 8);
            driver.driverOk();
            driver.runDevice();
            byte[][] before = driver.ram().copyOfRegions();
            int played = 0;
            for (int index = 1; index <= 0x1_0000; index++, played++) {
                driver.port().notifyQueue(index);
            }
            for (int index : new int[] {-1, -2, Integer.MIN_VALUE, Integer.MAX_VALUE, 0x1234_5678}) {
                driver.port().notifyQueue(index);
                driver.port().notifyQueue(new NotificationData(index, 0, false));
                played += 2;
            }

            assertEquals(0, driver.runDevice());

            assertArrayEquals(before, driver.ram().copyOfRegions());
            HostileCases.count("EV-3", played);
            driver.reset();
            queue.dispose();
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @HostileCase("EV-5")
    void notification_data_is_a_hint_only(RingFormat format) {
        TestDriver driver = TestDriver.attach(
                new ScriptedDevice(), builder -> builder.offer(CoreFeature.NOTIFICATION_DATA));
        try (driver) {
            driver.start(DriverOptions.of(format));
            int played = 0;
            for (int data = 0; data <= 0xFFFF; data += 17, played++) {
                driver.port().notifyQueue(new NotificationData(0, data & 0x7FFF, data > 0x7FFF));
                driver.runDevice();
            }
            assertEquals(0, driver.instance().counters(0).chains());
            driver.queue(0).exchange(new byte[4], 4);
            HostileCases.count("EV-5", played);
        }
    }

    /** The driver sleeps unless it is asked to notify; the device sleeps unless it is notified. */
    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void no_buffer_is_left_lying_when_both_sides_go_to_sleep(RingFormat format) {
        for (boolean eventIndex : new boolean[] {true, false}) {
            DriverOptions options = eventIndex
                    ? DriverOptions.of(format)
                    : DriverOptions.of(format).without(CoreFeature.EVENT_IDX);
            TestDriver driver = TestDriver.attach(new ScriptedDevice(), builder -> builder.runner(
                    Runner.workerPerDevice(Thread.ofPlatform().daemon().factory())));
            try (driver) {
                driver.start(options);
                for (int i = 0; i < 3_000; i++) {
                    driver.queue(0).submit(new byte[1], 1);
                    if (i % 3 == 0) {
                        driver.queue(0).awaitAll();
                    }
                }
                driver.queue(0).awaitAll();
            }
        }
    }
}
