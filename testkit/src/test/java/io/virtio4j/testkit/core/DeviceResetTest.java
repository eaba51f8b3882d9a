// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit.core;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.device.ConfigSpace;
import io.virtio4j.core.device.FeatureSet;
import io.virtio4j.core.queue.DescriptorChain;
import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.core.queue.Runner;
import io.virtio4j.core.transport.DeviceInstance;
import io.virtio4j.core.transport.NotificationSink;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.GuestBuffer;
import io.virtio4j.testkit.ScriptedDevice;
import io.virtio4j.testkit.TestDriver;
import io.virtio4j.testkit.conformance.HostileCase;
import io.virtio4j.testkit.conformance.HostileCases;
import io.virtio4j.testkit.conformance.Normative;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** [Basic Facilities of a Virtio Device / Device Reset], and hostile resets. */
class DeviceResetTest {

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @Normative({"COR-8", "COR-9"})
    void nothing_happens_after_a_reset_until_the_next_initialization(RingFormat format) {
        ConfigSpace config = new ConfigSpace(4);
        ParkingDevice device = new ParkingDevice();
        device.config(config);
        TestDriver driver = TestDriver.attach(device, builder -> builder.resetGrace(Duration.ZERO));
        try (driver) {
            driver.start(DriverOptions.of(format)).queue(0).submit(new byte[4], 4);
            driver.runDevice();
            device.handler = ScriptedDevice::echo;
            driver.queue(0).add(new byte[4], 4);
            driver.queue(0).publish();
            driver.port().writeStatus(0);
            assertNotEquals(0, driver.port().status()); // a buffer is still in work
            byte[][] before = driver.ram().copyOfRegions();

            device.cancelAll();
            assertEquals(0, driver.port().status());
            driver.port().notifyQueue(0);
            config.update(segment -> { });
            driver.runDevice();

            assertArrayEquals(before, driver.ram().copyOfRegions());
            assertEquals(0, driver.port().interrupts().total());
            driver.start(DriverOptions.of(format)).queue(0).exchange(new byte[1], 1);
        }
    }

    @Test
    @Normative("COR-8")
    void everything_is_as_after_power_on() {
        ScriptedDevice device = new ScriptedDevice().queues(2, 64);
        try (TestDriver driver = TestDriver.attach(device)) {
            driver.start(DriverOptions.packed().queueSize(7));
            driver.reset();

            assertEquals(FeatureSet.NONE, driver.instance().accepted());
            for (int queue = 0; queue < 2; queue++) {
                assertEquals(64, driver.port().queueSize(queue));
                assertEquals(0, driver.instance().queueConfig(queue).descriptorArea());
                assertEquals(0, driver.instance().queueConfig(queue).driverArea());
                assertEquals(0, driver.instance().queueConfig(queue).deviceArea());
            }
            assertEquals(List.of("activate", "start 0", "start 1", "stop 0", "stop 1", "reset"),
                    device.calls);
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @HostileCase("QC-4")
    void a_chain_of_a_reset_queue_cannot_be_touched_any_more(RingFormat format) {
        ParkingDevice device = new ParkingDevice();
        TestDriver driver = TestDriver.attach(device, builder -> builder.resetGrace(Duration.ZERO));
        try (driver) {
            driver.start(DriverOptions.of(format)).queue(0).submit(new byte[4], 4);
            driver.runDevice();
            DescriptorChain chain = device.parked.getFirst();
            driver.port().writeStatus(0);

            assertThrows(RuntimeException.class, () -> chain.writer().writeU8(1));
            assertThrows(RuntimeException.class, () -> chain.reader().readU8());
            chain.complete(0);
            assertThrows(IllegalStateException.class, () -> chain.complete(0));

            assertEquals(0, driver.port().status());
            driver.reset();
            device.handler = ScriptedDevice::echo;
            driver.start().queue(0).exchange(new byte[1], 1);
        }
    }

    /** A device whose I/O ends on another thread, as late as it likes. */
    private static final class LateDevice extends ScriptedDevice implements AutoCloseable {

        private final BlockingQueue<DescriptorChain> io = new LinkedBlockingQueue<>();
        private final Thread thread = Thread.ofPlatform().daemon().start(this::work);

        LateDevice() {
            queues(2, 64);
            handler(chain -> {
                chain.defer();
                io.add(chain);
            });
        }

        private void work() {
            try {
                while (true) {
                    DescriptorChain chain = io.take();
                    try {
                        echo(chain);
                    } catch (RuntimeException e) {
                        chain.complete(0); // the queue was reset meanwhile
                    }
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        @Override
        public void close() {
            thread.interrupt();
        }
    }

    private static void resetUnderLoad(RingFormat format, int rounds) {
        try (LateDevice device = new LateDevice();
                TestDriver driver = TestDriver.attach(device, builder -> builder.runner(
                        Runner.workerPerQueue(Thread.ofPlatform().daemon().factory())))) {
            for (int round = 0; round < rounds; round++) {
                driver.start(DriverOptions.of(format));
                for (int i = 0; i < 6; i++) {
                    driver.queue(i % 2).submit(new byte[] {1, 2, 3}, 3);
                }
                if (round % 7 == 0) {
                    driver.queue(1).awaitAll();
                }
                driver.reset(); // gives the rings' memory back: a late write there is found
                GuestBuffer reused = driver.ram().allocate(20_000);
                assertTrue(reused.isFilledWith(0));
                reused.free();
            }
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @HostileCase("QC-4")
    void resets_under_load_leave_old_rings_alone(RingFormat format) {
        resetUnderLoad(format, 150);
    }

    @Tag("slow")
    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @HostileCase("QC-4")
    void ten_thousand_resets_under_load_leave_old_rings_alone(RingFormat format) {
        resetUnderLoad(format, 10_000);
    }

    @Test
    @HostileCase("QC-6")
    void a_storm_of_resets_is_idempotent() {
        ParkingDevice device = new ParkingDevice();
        TestDriver driver = TestDriver.attach(device, builder -> builder.resetGrace(Duration.ofMillis(1)));
        try (driver) {
            driver.start().queue(0).submit(new byte[1], 1);
            driver.runDevice();
            for (int i = 0; i < 1_000; i++) {
                driver.port().writeStatus(0); // waits at most once
            }
            assertNotEquals(0, driver.port().status());
            device.cancelAll();
            for (int i = 0; i < 1_000; i++) {
                driver.port().writeStatus(0);
                assertEquals(0, driver.port().status());
            }
            device.handler = ScriptedDevice::echo;
            driver.reset().start().queue(0).exchange(new byte[1], 1);
        }
    }

    /** A sink that resets the device as soon as it tells something. */
    private static final class ResettingSink implements NotificationSink {

        private final DeviceInstance instance;
        private final List<Integer> statusAfter = new ArrayList<>();
        private long longest;

        ResettingSink(DeviceInstance instance) {
            this.instance = instance;
        }

        @Override
        public void usedBuffers(int queue) {
            reset();
        }

        @Override
        public void configurationChanged() {
            reset();
        }

        private void reset() {
            long begin = System.nanoTime();
            instance.writeStatus(0);
            statusAfter.add(instance.status());
            longest = Math.max(longest, System.nanoTime() - begin);
        }
    }

    /** The reset comes from the device's own notification, in the middle of a turn. */
    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @HostileCase("QC-6")
    void a_reset_from_inside_a_notification_is_complete_at_once(RingFormat format) {
        int played = 0;
        for (int deferred : new int[] {0, 1, 15, 16, 17, 40}) {
            for (int direct : new int[] {0, 1, 16, 20}) {
                if (deferred + direct > 0) {
                    resetInside(format, deferred, direct);
                    played++;
                }
            }
        }
        HostileCases.count("QC-6", played);
    }

    private static void resetInside(RingFormat format, int deferred, int direct) {
        ParkingDevice device = new ParkingDevice();
        TestDriver driver = TestDriver.attach(device,
                builder -> builder.resetGrace(Duration.ofSeconds(30)));
        try (driver) {
            driver.start(DriverOptions.of(format).queueSize(128));
            for (int i = 0; i < deferred; i++) {
                driver.queue(0).submit(new byte[1], 0);
            }
            driver.runDevice();
            ResettingSink sink = new ResettingSink(driver.instance());
            driver.instance().attach(sink, FeatureSet.NONE);
            device.cancelAll();
            device.handler = ScriptedDevice::echo;
            for (int i = 0; i < direct; i++) {
                driver.queue(0).submit(new byte[1], 0);
            }

            driver.runDevice();

            assertEquals(List.of(0), sink.statusAfter);
            assertTrue(sink.longest < Duration.ofSeconds(10).toNanos(), "waited for itself");
            driver.instance().attach(silent(), FeatureSet.NONE);
            driver.reset();
        }
    }

    private static NotificationSink silent() {
        return new NotificationSink() {
            @Override
            public void usedBuffers(int queue) {}

            @Override
            public void configurationChanged() {}
        };
    }

    @Test
    @HostileCase("QC-6")
    void a_reset_from_inside_the_configuration_change_notification_works() {
        ConfigSpace config = new ConfigSpace(4);
        ScriptedDevice device = new ScriptedDevice().config(config);
        try (TestDriver driver = TestDriver.attach(device).start()) {
            ResettingSink sink = new ResettingSink(driver.instance());
            driver.instance().attach(sink, FeatureSet.NONE);

            config.update(segment -> { });
            driver.start();
            device.context().needsReset("test");

            assertEquals(List.of(0, 0), sink.statusAfter);
            driver.instance().attach(silent(), FeatureSet.NONE);
        }
    }
}
