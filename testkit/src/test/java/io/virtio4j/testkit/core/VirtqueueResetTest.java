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
import io.virtio4j.testkit.ScriptedDevice;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.TestDriver;
import io.virtio4j.testkit.conformance.HostileCase;
import io.virtio4j.testkit.conformance.Normative;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** [Virtqueues / Virtqueue Reset], hostile queue resets. */
class VirtqueueResetTest {

    private static TestDriver attach(ScriptedDevice device) {
        return TestDriver.attach(
                device.queues(2, 64), builder -> builder.resetGrace(Duration.ZERO));
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @Normative("COR-11")
    void a_queue_that_was_reset_serves_and_tells_nothing(RingFormat format) {
        ParkingDevice device = new ParkingDevice();
        try (TestDriver driver = attach(device).start(DriverOptions.of(format))) {
            DriverQueue queue = driver.queue(0);
            queue.submit(new byte[4], 4);
            driver.runDevice();
            queue.submit(new byte[4], 4); // available, not taken

            driver.port().resetQueue(0);
            byte[][] before = driver.ram().copyOfRegions();
            driver.port().notifyQueue(0);
            driver.runDevice();
            assertTrue(driver.port().isQueueResetting(0));
            assertEquals(1, device.parked.size());
            device.cancelAll();
            driver.runDevice();

            assertArrayEquals(before, driver.ram().copyOfRegions());
            assertEquals(0, driver.port().interrupts().total());
            assertFalse(driver.port().isQueueResetting(0));
            driver.resetQueue(0);
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @Normative({"COR-12", "COR-13"})
    @HostileCase("QC-5")
    void a_queue_starts_again_from_the_beginning_with_another_size(RingFormat format) {
        try (TestDriver driver = attach(new ScriptedDevice()).start(DriverOptions.of(format))) {
            int[] sizes = {64, 1, 2, 16, 4, 64};
            for (int round = 0; round < 60; round++) {
                driver.resetQueue(0);
                assertFalse(driver.port().isQueueEnabled(0));
                assertEquals(64, driver.port().queueSize(0));
                assertEquals(0, driver.instance().queueConfig(0).descriptorArea());

                DriverQueue queue = driver.setUpQueue(0, sizes[round % sizes.length]);
                for (int i = 0; i < 5; i++) {
                    queue.exchange(new byte[] {(byte) i}, 0);
                    driver.queue(1).exchange(new byte[] {(byte) i}, 1);
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @Normative("COR-13")
    void a_queue_takes_its_new_addresses_and_size(RingFormat format) {
        try (TestDriver driver = attach(new ScriptedDevice()).start(DriverOptions.of(format))) {
            DriverQueue before = driver.queue(0);
            driver.port().resetQueue(0);
            before.mayKeepBuffers();
            int packed = format == RingFormat.PACKED ? 7 : 8;

            DriverQueue after = driver.setUpQueue(0, packed);
            Submitted echo = after.exchange(new byte[] {1, 2}, 2);

            assertArrayEquals(new byte[] {1, 2}, echo.written());
            assertEquals(packed, driver.port().queueSize(0));
            assertEquals(after.descriptorArea().address(),
                    driver.instance().queueConfig(0).descriptorArea());
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @HostileCase("QC-5")
    void a_queue_cannot_be_programmed_while_its_reset_goes_on(RingFormat format) {
        ParkingDevice device = new ParkingDevice();
        try (TestDriver driver = attach(device).start(DriverOptions.of(format))) {
            driver.queue(0).submit(new byte[1], 1);
            driver.runDevice();
            driver.port().resetQueue(0);
            driver.port().resetQueue(0);

            driver.port().queueSize(0, 4);
            driver.port().enableQueue(0);

            assertFalse(driver.port().isQueueEnabled(0));
            assertEquals(64, driver.port().queueSize(0));
            assertTrue(driver.port().isQueueResetting(0));
            device.cancelAll();
            device.handler = ScriptedDevice::echo;
            driver.resetQueue(0);
            driver.setUpQueue(0).exchange(new byte[1], 1);
        }
    }

    @Test
    void a_queue_reset_is_ignored_without_the_feature() {
        try (TestDriver driver = attach(new ScriptedDevice())) {
            driver.start(DriverOptions.split().without(CoreFeature.RING_RESET));

            driver.port().resetQueue(0);

            assertTrue(driver.port().isQueueEnabled(0));
            driver.queue(0).exchange(new byte[1], 1);
        }
    }

    @Test
    void a_queue_reset_before_features_ok_or_of_no_queue_is_ignored() {
        try (TestDriver driver = attach(new ScriptedDevice())) {
            driver.reset();
            driver.port().resetQueue(0);
            driver.port().resetQueue(2);
            driver.port().resetQueue(-1);
            assertFalse(driver.port().isQueueResetting(0));
            assertFalse(driver.port().isQueueResetting(2));
            driver.start().queue(0).exchange(new byte[1], 1);
        }
    }

    @Test
    void a_disabled_queue_reads_as_stopping_until_its_buffers_came_back() {
        ParkingDevice device = new ParkingDevice();
        try (TestDriver driver = attach(device).start()) {
            driver.queue(0).submit(new byte[1], 1);
            driver.runDevice();

            driver.instance().disableQueue(0);
            assertTrue(driver.instance().isQueueStopping(0));
            assertFalse(driver.port().isQueueEnabled(0));
            device.cancelAll();

            assertFalse(driver.instance().isQueueStopping(0));
            device.handler = ScriptedDevice::echo;
            driver.setUpQueue(0).exchange(new byte[1], 1);
        }
    }

    /** One queue is reset again and again under load; the other one must not notice. */
    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @HostileCase("QC-5")
    void resets_of_one_queue_leave_the_others_alone(RingFormat format) {
        ScriptedDevice device = new ScriptedDevice().queues(2, 64);
        TestDriver driver = TestDriver.attach(device, builder -> builder.runner(
                Runner.workerPerQueue(Thread.ofPlatform().daemon().factory())));
        try (driver) {
            driver.start(DriverOptions.of(format));
            for (int round = 0; round < 100; round++) {
                List<Submitted> others = new ArrayList<>();
                for (int i = 0; i < 4; i++) {
                    driver.queue(0).submit(new byte[] {1}, 1);
                    others.add(driver.queue(1).submit(new byte[] {(byte) round, (byte) i}, 2));
                }
                driver.resetQueue(0);
                driver.setUpQueue(0, 8 << round % 4);
                driver.queue(1).awaitAll();
                others.forEach(echo -> assertArrayEquals(echo.readable(), echo.written()));
            }
            assertFalse(driver.needsReset());
        }
    }
}
