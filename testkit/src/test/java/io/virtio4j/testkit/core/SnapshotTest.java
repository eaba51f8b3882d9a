// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit.core;

import static io.virtio4j.core.transport.DeviceStatus.DEVICE_NEEDS_RESET;
import static io.virtio4j.core.transport.DeviceStatus.DRIVER_OK;
import static io.virtio4j.core.transport.DeviceStatus.SUSPEND;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.device.ConfigSpace;
import io.virtio4j.core.device.CoreFeature;
import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.core.wire.Le32;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.DriverQueue;
import io.virtio4j.testkit.Layout;
import io.virtio4j.testkit.RawQueue;
import io.virtio4j.testkit.ScriptedDevice;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.TestDriver;
import io.virtio4j.testkit.conformance.HostileCase;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** A device goes on elsewhere, with what is in work. */
class SnapshotTest {

    private static final Le32 FIELD = new Le32(0);

    static List<DriverOptions> options() {
        List<DriverOptions> all = new ArrayList<>();
        for (RingFormat format : RingFormat.values()) {
            for (Layout layout : List.of(Layout.AS_LINUX, Layout.BYTE_BY_BYTE, Layout.INDIRECT)) {
                all.add(DriverOptions.of(format).layout(layout));
                all.add(DriverOptions.of(format).layout(layout).without(CoreFeature.IN_ORDER));
            }
        }
        return all;
    }

    @ParameterizedTest
    @MethodSource("options")
    @HostileCase("MG-3")
    void chains_in_work_are_handled_once_more_and_used_once(DriverOptions options) {
        ParkingDevice source = new ParkingDevice();
        SplittableRandom random = new SplittableRandom(11);
        try (TestDriver driver = TestDriver.attach(source,
                builder -> builder.offer(CoreFeature.IN_ORDER).resetGrace(Duration.ZERO))) {
            driver.start(options);
            ParkingDevice device = source;
            for (int round = 0; round < 50; round++) {
                List<Submitted> all = submit(driver.queue(0), random.nextInt(7));
                driver.runDevice();
                for (int i = random.nextInt(all.size() + 1); i > 0; i--) {
                    device.finish(random.nextInt(device.parked.size()));
                }
                ParkingDevice destination = new ParkingDevice();
                driver.migrateTo(destination);
                device.cancelAll();
                device = destination;
                List<Submitted> more = submit(driver.queue(0), random.nextInt(3));
                driver.runDevice();
                while (!device.parked.isEmpty()) {
                    device.finish(random.nextInt(device.parked.size()));
                    driver.runDevice();
                }
                driver.queue(0).collect();
                all.addAll(more);
                all.forEach(echo -> assertArrayEquals(echo.readable(), echo.written()));
            }
        }
    }

    private static List<Submitted> submit(DriverQueue queue, int count) {
        List<Submitted> all = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            all.add(queue.submit(new byte[] {(byte) i, 3}, 2));
        }
        return all;
    }

    @Test
    void nothing_is_in_work_after_completions_in_order_were_collected() {
        ParkingDevice source = new ParkingDevice();
        try (TestDriver driver = TestDriver.attach(source,
                builder -> builder.offer(CoreFeature.IN_ORDER)).start()) {
            submit(driver.queue(0), 3);
            driver.runDevice();
            source.finish(0);
            source.finish(0);
            source.finish(0);
            driver.runDevice();
            driver.queue(0).collect();
            ParkingDevice destination = new ParkingDevice();

            driver.migrateTo(destination);
            driver.runDevice();

            assertEquals(0, destination.parked.size());
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void a_restored_chain_can_be_put_back_and_is_served_first_later(RingFormat format) {
        ParkingDevice source = new ParkingDevice();
        try (TestDriver driver = TestDriver.attach(source,
                builder -> builder.resetGrace(Duration.ZERO)).start(DriverOptions.of(format))) {
            List<Submitted> all = submit(driver.queue(0), 3);
            driver.runDevice();
            List<Integer> served = new ArrayList<>();
            ScriptedDevice full = new ScriptedDevice();
            full.handler(chain -> chain.putBack());
            driver.migrateTo(full);
            source.cancelAll();
            driver.runDevice();
            full.queue().wake();
            driver.runDevice();

            ScriptedDevice free = new ScriptedDevice();
            free.handler(chain -> {
                served.add(chain.reader().readU8());
                chain.reader().seek(0);
                ScriptedDevice.echo(chain);
            });
            driver.migrateTo(free);
            driver.runDevice();
            driver.queue(0).collect();

            assertEquals(List.of(0, 1, 2), served);
            all.forEach(echo -> assertArrayEquals(echo.readable(), echo.written()));
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @HostileCase("MG-4")
    void when_the_destination_dies_the_source_goes_on(RingFormat format) {
        ParkingDevice source = new ParkingDevice();
        try (TestDriver driver = TestDriver.attach(source).start(DriverOptions.of(format))) {
            List<Submitted> all = submit(driver.queue(0), 3);
            driver.runDevice();

            driver.instance().pause();
            driver.instance().save();
            driver.instance().unpause();
            source.finishAll();
            driver.runDevice();
            driver.queue(0).collect();

            all.forEach(echo -> assertArrayEquals(echo.readable(), echo.written()));
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @HostileCase({"MG-3", "MG-4"})
    void when_the_source_dies_late_completions_change_nothing(RingFormat format) {
        ParkingDevice source = new ParkingDevice();
        try (TestDriver driver = TestDriver.attach(source,
                builder -> builder.resetGrace(Duration.ZERO)).start(DriverOptions.of(format))) {
            List<Submitted> all = submit(driver.queue(0), 3);
            driver.runDevice();
            ParkingDevice destination = new ParkingDevice();
            driver.migrateTo(destination);
            byte[][] before = driver.ram().copyOfRegions();

            source.cancelAll();

            assertArrayEquals(before, driver.ram().copyOfRegions());
            driver.runDevice();
            destination.finishAll();
            driver.runDevice();
            driver.queue(0).collect();
            all.forEach(echo -> assertArrayEquals(echo.readable(), echo.written()));
        }
    }

    @Test
    void configuration_that_the_driver_wrote_comes_back_and_other_changes_are_told() {
        ConfigSpace from = new ConfigSpace(8);
        from.writable(4, 4, written -> { });
        try (TestDriver driver = TestDriver.attach(new ScriptedDevice().config(from)).start()) {
            driver.port().writeConfig(4, 4, 77);
            int generation = driver.port().configGeneration();
            ConfigSpace to = new ConfigSpace(8);
            to.writable(4, 4, written -> { });
            to.set(segment -> FIELD.set(segment, 0, 9));

            driver.migrateTo(new ScriptedDevice().config(to));

            assertEquals(77, driver.port().readConfig(4, 4));
            assertEquals(9, driver.port().readConfig(0, 4));
            assertTrue(driver.port().configGeneration() != generation);
            assertTrue(driver.port().takeNotifications().configurationChanged());
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void a_suspended_device_stays_suspended_elsewhere(RingFormat format) {
        try (TestDriver driver =
                TestDriver.attach(new ScriptedDevice()).start(DriverOptions.of(format))) {
            driver.suspend();
            Submitted submitted = driver.queue(0).submit(new byte[] {5}, 1);
            byte[][] before = driver.ram().copyOfRegions();

            driver.migrateTo(new ScriptedDevice());
            driver.port().notifyQueue(0);
            driver.runDevice();

            assertEquals(SUSPEND, driver.port().status() & (SUSPEND | DRIVER_OK));
            assertArrayEquals(before, driver.ram().copyOfRegions());
            driver.resume();
            assertArrayEquals(new byte[] {5}, driver.queue(0).await(submitted).written());
        }
    }

    @Test
    void a_device_that_was_about_to_suspend_does_so_elsewhere() {
        ParkingDevice source = new ParkingDevice();
        try (TestDriver driver = TestDriver.attach(source,
                builder -> builder.resetGrace(Duration.ZERO)).start()) {
            submit(driver.queue(0), 1);
            driver.runDevice();
            driver.addStatus(SUSPEND);
            assertEquals(DRIVER_OK, driver.port().status() & (SUSPEND | DRIVER_OK));

            driver.migrateTo(new ScriptedDevice());
            source.cancelAll();

            driver.waitFor("suspended",
                    () -> (driver.port().status() & (SUSPEND | DRIVER_OK)) == SUSPEND);
            driver.resume().queue(0).awaitAll();
        }
    }

    @Test
    void a_reset_that_waits_for_io_is_done_elsewhere() {
        ParkingDevice source = new ParkingDevice();
        try (TestDriver driver = TestDriver.attach(source,
                builder -> builder.resetGrace(Duration.ZERO)).start()) {
            submit(driver.queue(0), 1);
            driver.runDevice();
            driver.port().writeStatus(0);
            assertTrue(driver.port().status() != 0);

            driver.migrateTo(new ScriptedDevice());

            assertEquals(0, driver.port().status());
            source.cancelAll();
            driver.start().queue(0).exchange(new byte[1], 1);
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void a_queue_that_failed_stays_out_of_use_elsewhere(RingFormat format) {
        try (TestDriver driver = TestDriver.attach(new ScriptedDevice())) {
            driver.reset().negotiate(DriverOptions.of(format));
            RawQueue queue = RawQueue.enable(driver, 0, 4);
            driver.driverOk();
            if (format == RingFormat.SPLIT) {
                queue.availableIndex(9);
            } else {
                queue.chain(new RawQueue.Raw(0, 0, RawQueue.NEXT | RawQueue.INDIRECT));
            }
            queue.kick();
            driver.runDevice();
            assertTrue(driver.needsReset());

            driver.migrateTo(new ScriptedDevice());
            queue.kick();
            driver.runDevice();

            assertEquals(0, driver.instance().counters(0).ringFaults());
            assertTrue((driver.port().status() & DEVICE_NEEDS_RESET) != 0);
            assertFalse(driver.port().interrupts().total() > 0);
            driver.start().queue(0).exchange(new byte[1], 1);
        }
    }

    @Test
    void only_a_fresh_device_is_restored() {
        try (TestDriver driver = TestDriver.attach(new ScriptedDevice()).start()) {
            byte[] saved = driver.instance().save();

            assertThrows(IllegalStateException.class, () -> driver.instance().restore(saved));
        }
    }
}
