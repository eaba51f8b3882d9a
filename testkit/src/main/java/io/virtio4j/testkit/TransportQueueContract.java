// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.device.CoreFeature;
import io.virtio4j.core.memory.GuestMemory;
import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.core.queue.Runner;
import io.virtio4j.core.transport.DeviceInstance;
import io.virtio4j.testkit.conformance.HostileCase;
import io.virtio4j.testkit.conformance.Normative;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The part of {@link TransportContract} about queues and notifications; not to be extended by itself. */
public abstract class TransportQueueContract {

    TransportQueueContract() {}

    /**
     * Puts the transport that is tested over a device, and a driver's port over the transport.
     *
     * @param instance the device; no transport is attached to it
     * @param ram guest memory
     */
    protected abstract DriverPort connect(DeviceInstance instance, GuestRam ram);

    /** Guest memory for one test. A transport that shares memory with a peer makes it of files. */
    protected GuestRam allocateRam() {
        return GuestRam.allocate();
    }

    /**
     * Memory that the device shares with the driver, of so many bytes, on a page boundary. A transport through which a
     * peer maps it makes it of a file.
     */
    protected MemorySegment allocateShared(long length) {
        return Arena.ofAuto().allocate(length, ContractDevice.SHARED_ALIGNMENT);
    }

    /**
     * What the device reaches of guest memory to begin with. A transport through which a peer maps memory
     * begins with none.
     */
    protected GuestMemory deviceMemory(GuestRam ram) {
        return ram.memory();
    }

    /** A device behind the transport, and a driver. */
    final class Rig implements AutoCloseable {

        final ContractDevice device = new ContractDevice(allocateShared(ContractDevice.SHARED_LENGTH));
        final DeviceErrors errors = new DeviceErrors();
        final DeviceInstance instance;
        final TestDriver driver;

        Rig() {
            this(Runner.manual());
        }

        Rig(Runner runner) {
            GuestRam ram = allocateRam();
            instance = DeviceInstance.of(device)
                    .memory(deviceMemory(ram))
                    .runner(runner)
                    .resetGrace(Duration.ZERO)
                    .onDeviceError(errors)
                    .offer(CoreFeature.IN_ORDER, CoreFeature.NOTIFICATION_DATA,
                            CoreFeature.NOTIF_CONFIG_DATA, CoreFeature.ORDER_PLATFORM)
                    .build();
            driver = TestDriver.over(connect(instance, ram), ram, errors).polling(instance);
        }

        DriverPort port() {
            return driver.port();
        }

        Rig start(RingFormat format) {
            driver.start(DriverOptions.of(format));
            return this;
        }

        void exchange(int queue) {
            Submitted echo = driver.queue(queue).exchange(new byte[] {1, 2, 3, (byte) queue}, 4);
            assertArrayEquals(echo.readable(), echo.written());
        }

        @Override
        public void close() {
            device.finishKept();
            driver.close();
            instance.close();
        }
    }

    @Test
    void queues_have_their_sizes_and_others_none() {
        try (Rig rig = new Rig()) {
            rig.driver.reset().negotiate(DriverOptions.split());

            for (int queue = 0; queue < ContractDevice.QUEUES; queue++) {
                assertEquals(ContractDevice.MAX_SIZE, rig.port().queueSizeMax(queue));
            }
            for (int queue : new int[] {3, 4, 255, 256, 0x7FFF, 0x8000, 0xFFFF}) {
                assertEquals(0, rig.port().queueSizeMax(queue));
                assertFalse(rig.port().isQueueEnabled(queue));
            }
        }
    }

    @Test
    void writes_to_a_queue_that_is_not_there_change_nothing() {
        try (Rig rig = new Rig()) {
            rig.driver.reset().negotiate(DriverOptions.split());

            rig.port().queueSize(7, 16);
            rig.port().queueAddresses(7, 0x1000, 0x2000, 0x3000);
            rig.port().enableQueue(7);

            assertEquals(0, rig.port().queueSizeMax(7));
            assertFalse(rig.port().isQueueEnabled(7));
            rig.driver.setUpQueues().driverOk();
            rig.exchange(0);
        }
    }

    @Test
    void a_queue_is_enabled_alone() {
        try (Rig rig = new Rig()) {
            rig.driver.reset().negotiate(DriverOptions.split());

            rig.driver.setUpQueue(1, 8);

            assertFalse(rig.port().isQueueEnabled(0));
            assertTrue(rig.port().isQueueEnabled(1));
            assertFalse(rig.port().isQueueEnabled(2));
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void every_queue_exchanges_buffers_at_every_size(RingFormat format) {
        try (Rig rig = new Rig()) {
            for (int size = 2; size <= ContractDevice.MAX_SIZE; size *= 2) {
                rig.driver.reset().negotiate(DriverOptions.of(format).layout(Layout.INDIRECT));
                rig.driver.setUpQueue(0, size);
                rig.driver.setUpQueue(1, 2 * ContractDevice.MAX_SIZE / size);
                rig.driver.driverOk();
                for (int i = 0; i < 2 * size + 3; i++) {
                    Submitted echo = rig.driver.queue(0).exchange(new byte[] {(byte) i}, 1);
                    assertArrayEquals(echo.readable(), echo.written());
                    rig.driver.queue(1).exchange(new byte[1], 1);
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void used_buffer_notifications_arrive_and_are_taken_once(RingFormat format) {
        try (Rig rig = new Rig().start(format)) {
            assertFalse(rig.port().takeNotifications().used(1));

            rig.exchange(1);

            DriverPort.Notifications taken = rig.port().takeNotifications();
            assertTrue(taken.used(1));
            assertFalse(taken.configurationChanged());
            assertEquals(DriverPort.Notifications.NONE, rig.port().takeNotifications());
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void an_interrupt_comes_for_each_used_buffer_that_is_waited_for(RingFormat format) {
        try (Rig rig = new Rig().start(format)) {
            for (int i = 0; i < 5; i++) {
                long before = rig.port().interrupts().total();
                rig.exchange(0);
                assertEquals(before + 1, rig.port().interrupts().total());
                rig.port().takeNotifications();
            }
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @HostileCase("EV-5")
    void lying_notification_data_is_a_hint_only(RingFormat format) {
        try (Rig rig = new Rig().start(format)) {
            for (int data = 0; data < 0x1_0000; data += 0x0F0F) {
                rig.port().notifyQueue(new NotificationData(0, data & 0x7FFF, data >= 0x8000));
                rig.driver.runDevice();
            }

            rig.exchange(0);
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void buffers_are_exchanged_without_notification_data(RingFormat format) {
        try (Rig rig = new Rig()) {
            rig.driver.start(DriverOptions.of(format).without(
                    CoreFeature.NOTIFICATION_DATA, CoreFeature.NOTIF_CONFIG_DATA));

            rig.exchange(0);
            rig.exchange(1);
        }
    }

    @Test
    @HostileCase("EV-3")
    void notifications_for_queues_that_are_not_there_are_ignored() {
        try (Rig rig = new Rig().start(RingFormat.SPLIT)) {
            for (int queue : new int[] {3, 4, 63, 64, 0x7FFF, 0x8000, 0xFFFE}) {
                rig.port().notifyQueue(queue);
                rig.port().notifyQueue(new NotificationData(queue, 1, true));
            }
            rig.driver.runDevice();

            assertEquals(0, rig.port().interrupts().total());
            rig.exchange(0);
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @Normative("COR-1")
    void nothing_is_consumed_before_driver_ok(RingFormat format) {
        try (Rig rig = new Rig()) {
            rig.driver.reset().negotiate(DriverOptions.of(format)).setUpQueues();
            Submitted early = rig.driver.queue(0).submit(new byte[] {9}, 1);
            byte[][] before = rig.driver.ram().copyOfRegions();

            rig.port().notifyQueue(0);
            rig.driver.runDevice();

            assertArrayEquals(before, rig.driver.ram().copyOfRegions());
            assertEquals(0, rig.port().interrupts().total());
            rig.driver.driverOk().queue(0).await(early);
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @Normative({"COR-11", "COR-12", "COR-13"})
    @HostileCase("QC-5")
    void a_queue_reset_lasts_until_its_buffers_came_back(RingFormat format) {
        try (Rig rig = new Rig().start(format)) {
            rig.driver.queue(ContractDevice.SLOW_QUEUE).submit(new byte[4], 4);
            rig.driver.runDevice();

            rig.port().resetQueue(ContractDevice.SLOW_QUEUE);
            rig.port().resetQueue(ContractDevice.SLOW_QUEUE);
            assertTrue(rig.port().isQueueResetting(ContractDevice.SLOW_QUEUE));
            rig.exchange(0);
            rig.device.cancelKept();
            assertFalse(rig.port().isQueueResetting(ContractDevice.SLOW_QUEUE));
            assertFalse(rig.port().isQueueEnabled(ContractDevice.SLOW_QUEUE));
            assertEquals(ContractDevice.MAX_SIZE,
                    rig.port().queueSizeMax(ContractDevice.SLOW_QUEUE));

            rig.driver.setUpQueue(ContractDevice.SLOW_QUEUE, 4);
            assertTrue(rig.port().isQueueEnabled(ContractDevice.SLOW_QUEUE));
            assertFalse(rig.port().isQueueResetting(ContractDevice.SLOW_QUEUE));
            Submitted again = rig.driver.queue(ContractDevice.SLOW_QUEUE).submit(new byte[4], 4);
            rig.driver.runDevice();
            rig.device.finishKept();
            rig.driver.queue(ContractDevice.SLOW_QUEUE).await(again);
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @HostileCase("QC-1")
    void a_running_queue_cannot_be_changed(RingFormat format) {
        try (Rig rig = new Rig().start(format)) {
            rig.exchange(0);

            rig.port().queueSize(0, 2);
            rig.port().queueAddresses(0, 0x10, 0x20, 0x40);
            rig.port().enableQueue(0);

            rig.exchange(0);
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @HostileCase("QC-4")
    void resets_under_load_leave_a_device_that_works(RingFormat format) {
        List<Thread> threads = new ArrayList<>();
        Runner runner = Runner.workerPerDevice(task -> {
            Thread thread = Thread.ofPlatform().daemon().unstarted(task);
            threads.add(thread);
            return thread;
        });
        try (Rig rig = new Rig(runner)) {
            for (int round = 0; round < 25; round++) {
                rig.start(format);
                for (int i = 0; i < 8; i++) {
                    rig.driver.queue(i % 2).submit(new byte[] {(byte) i}, 1);
                }
                if (round % 3 == 0) {
                    rig.driver.queue(0).awaitAll();
                }
                rig.driver.reset();
            }
            rig.start(format).exchange(1);
        }
        assertEquals(1, threads.size());
    }
}
