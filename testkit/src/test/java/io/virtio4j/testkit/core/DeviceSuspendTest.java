// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit.core;

import static io.virtio4j.core.transport.DeviceStatus.ACKNOWLEDGE;
import static io.virtio4j.core.transport.DeviceStatus.DRIVER;
import static io.virtio4j.core.transport.DeviceStatus.DRIVER_OK;
import static io.virtio4j.core.transport.DeviceStatus.FEATURES_OK;
import static io.virtio4j.core.transport.DeviceStatus.SUSPEND;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.device.ConfigSpace;
import io.virtio4j.core.device.CoreFeature;
import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.core.queue.Runner;
import io.virtio4j.core.wire.Le32;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.DriverQueue;
import io.virtio4j.testkit.InterruptProbe;
import io.virtio4j.testkit.ScriptedDevice;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.TestDriver;
import io.virtio4j.testkit.conformance.Normative;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** [General Initialization And Device Operation / Device Suspend] */
class DeviceSuspendTest {

    private static final Le32 FIELD = new Le32(0);
    private static final int RUNNING = ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK;
    private static final int SUSPENDED = ACKNOWLEDGE | DRIVER | FEATURES_OK | SUSPEND;

    @ParameterizedTest
    @ValueSource(ints = {0, ACKNOWLEDGE, ACKNOWLEDGE | DRIVER, ACKNOWLEDGE | DRIVER | FEATURES_OK})
    @Normative("COR-14")
    void suspend_is_ignored_before_the_device_is_initialized(int status) {
        try (TestDriver driver = TestDriver.attach(new ScriptedDevice())) {
            if ((status & FEATURES_OK) != 0) {
                driver.reset().negotiate(DriverOptions.split());
            } else {
                driver.port().writeStatus(status);
            }

            driver.port().writeStatus(status | SUSPEND);

            assertEquals(status, driver.port().status());
        }
    }

    @Test
    @Normative("COR-14")
    void suspend_together_with_features_ok_or_driver_ok_initializes_and_then_suspends() {
        try (TestDriver driver = TestDriver.attach(new ScriptedDevice())) {
            driver.reset().negotiate(DriverOptions.split()).setUpQueues();

            driver.port().writeStatus(RUNNING | SUSPEND);

            assertEquals(SUSPENDED, driver.port().status());
            driver.resume();
        }
    }

    @Test
    void suspend_is_ignored_when_it_was_not_negotiated() {
        try (TestDriver driver = TestDriver.attach(new ScriptedDevice())) {
            driver.start(DriverOptions.split().without(CoreFeature.SUSPEND));

            driver.port().writeStatus(RUNNING | SUSPEND);

            assertEquals(RUNNING, driver.port().status());
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @Normative({"COR-15", "COR-16"})
    void nothing_is_touched_while_the_device_is_suspended(RingFormat format) {
        ConfigSpace config = new ConfigSpace(8);
        config.writable(4, 4, written -> { });
        try (TestDriver driver = TestDriver.attach(new ScriptedDevice().config(config))) {
            driver.start(DriverOptions.of(format)).suspend();
            Submitted submitted = driver.queue(0).add(new byte[] {1, 2, 3}, 3);
            driver.queue(0).publish();
            byte[][] before = driver.ram().copyOfRegions();
            long interrupts = driver.port().interrupts().total();

            driver.queue(0).kickAlways();
            config.update(segment -> FIELD.set(segment, 0, 7));
            driver.port().writeConfig(4, 4, 9);
            driver.runDevice();

            assertArrayEquals(before, driver.ram().copyOfRegions());
            assertEquals(interrupts, driver.port().interrupts().total());
            assertEquals(0, driver.port().readConfig(0, 8));
            driver.resume();
            assertArrayEquals(submitted.readable(), driver.queue(0).await(submitted).written());
        }
    }

    @Test
    @Normative({"COR-17", "COR-18"})
    void a_configuration_change_is_told_when_the_device_resumes() {
        ConfigSpace config = new ConfigSpace(4);
        try (TestDriver driver = TestDriver.attach(new ScriptedDevice().config(config)).start()) {
            int generation = driver.port().configGeneration();
            driver.suspend();
            config.update(segment -> FIELD.set(segment, 0, 1));
            config.update(segment -> FIELD.set(segment, 0, 2));
            assertEquals(0, driver.port().interrupts().count(InterruptProbe.CONFIGURATION));
            assertEquals(0, driver.port().readConfig(0, 4));
            assertEquals(generation, driver.port().configGeneration());

            driver.resume();

            assertEquals(1, driver.port().interrupts().count(InterruptProbe.CONFIGURATION));
            assertEquals(2, driver.port().readConfig(0, 4));
            assertTrue(generation != driver.port().configGeneration());
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @Normative({"COR-19", "COR-21"})
    void the_device_suspends_when_what_was_in_work_is_used_and_told(RingFormat format) {
        ParkingDevice device = new ParkingDevice();
        try (TestDriver driver = TestDriver.attach(device).start(DriverOptions.of(format))) {
            DriverQueue queue = driver.queue(0);
            Submitted first = queue.submit(new byte[] {1}, 1);
            driver.runDevice();
            driver.port().writeStatus(RUNNING | SUSPEND);
            Submitted late = queue.submit(new byte[] {2}, 1);
            driver.runDevice();
            assertEquals(RUNNING, driver.port().status());
            assertEquals(1, device.parked.size());
            assertEquals(0, driver.port().interrupts().total());

            device.finish(0);
            driver.runDevice();

            assertEquals(1, driver.port().interrupts().count(0));
            assertEquals(SUSPENDED, driver.port().status());
            queue.collect();
            assertTrue(first.isUsed());
            assertFalse(late.isUsed());
            driver.resume();
            driver.runDevice();
            device.finishAll();
            queue.await(late);
        }
    }

    @Test
    @Normative("COR-21")
    void a_chain_that_is_deferred_while_the_driver_suspends_is_waited_for() throws Exception {
        CountDownLatch taken = new CountDownLatch(1);
        CountDownLatch mayDefer = new CountDownLatch(1);
        ParkingDevice device = new ParkingDevice();
        var park = device.handler;
        device.handler(chain -> {
            taken.countDown();
            awaitUninterruptibly(mayDefer);
            park.handle(chain);
        });
        try (TestDriver driver = TestDriver.attach(device,
                builder -> builder.runner(Runner.workerPerDevice(Thread.ofPlatform().factory())))) {
            driver.start();
            Submitted submitted = driver.queue(0).submit(new byte[] {1}, 1);
            taken.await();
            Thread suspender = Thread.currentThread();
            Thread.ofPlatform().start(() -> {
                while (suspender.getState() != Thread.State.TIMED_WAITING) {
                    Thread.onSpinWait(); // until it waits for the turn
                }
                mayDefer.countDown();
            });

            driver.port().writeStatus(RUNNING | SUSPEND);

            assertEquals(RUNNING, driver.port().status());
            device.finish(0);
            driver.queue(0).await(submitted);
            driver.waitFor("suspended", () -> driver.port().status() == SUSPENDED);
            driver.resume();
        }
    }

    private static void awaitUninterruptibly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @Normative("COR-20")
    void a_resumed_device_goes_on_where_it_was(RingFormat format) {
        try (TestDriver driver = TestDriver.attach(new ScriptedDevice()).start(DriverOptions.of(format))) {
            for (int i = 0; i < 200; i++) {
                driver.suspend().resume();
                Submitted echo = driver.queue(0).exchange(new byte[] {(byte) i}, 1);
                assertEquals((byte) i, echo.written()[0]);
            }
        }
    }

    @Test
    @Normative({"COR-8", "COR-16"})
    void a_suspended_device_can_be_reset() {
        ConfigSpace config = new ConfigSpace(4);
        try (TestDriver driver = TestDriver.attach(new ScriptedDevice().config(config)).start()) {
            driver.suspend();
            config.update(segment -> FIELD.set(segment, 0, 5));

            driver.reset();

            assertEquals(5, driver.port().readConfig(0, 4));
            assertEquals(0, driver.port().interrupts().total());
            driver.start().queue(0).exchange(new byte[1], 1);
        }
    }
}
