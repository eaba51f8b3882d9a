// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.device.CoreFeature;
import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.core.queue.Runner;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.GuestBuffer;
import io.virtio4j.testkit.GuestRam;
import io.virtio4j.testkit.InterruptProbe;
import io.virtio4j.testkit.ScriptedDevice;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.TestDriver;
import io.virtio4j.testkit.conformance.HostileCase;
import io.virtio4j.testkit.conformance.HostileCases;
import io.virtio4j.testkit.conformance.Normative;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a driver programs about a queue, and hostile programming. */
class QueueConfigurationTest {

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @HostileCase("QC-2")
    void every_size_is_judged(RingFormat format) {
        ScriptedDevice device = new ScriptedDevice().queues(1, 300);
        try (TestDriver driver = TestDriver.attach(device)) {
            driver.reset().negotiate(DriverOptions.of(format));
            int largest = format == RingFormat.PACKED ? 300 : 256;
            assertEquals(largest, driver.port().queueSizeMax(0));
            for (int size = 0; size <= 0xFFFF; size++) {
                int before = driver.port().queueSize(0);
                boolean legal = size >= 1 && size <= largest
                        && (format == RingFormat.PACKED || Integer.bitCount(size) == 1);

                driver.port().queueSize(0, size);

                assertEquals(legal ? size : before, driver.port().queueSize(0), "size=" + size);
            }
            HostileCases.count("QC-2", 0x1_0000);
            driver.setUpQueues().driverOk().queue(0).exchange(new byte[1], 1);
        }
    }

    @Test
    void a_size_that_was_never_chosen_is_the_largest() {
        ScriptedDevice device = new ScriptedDevice().queues(1, 300);
        try (TestDriver driver = TestDriver.attach(device)) {
            driver.reset().negotiate(DriverOptions.split());
            assertEquals(256, driver.port().queueSize(0));
            GuestRam ram = driver.ram();
            driver.port().queueAddresses(0, ram.allocate(16 * 256).address(),
                    ram.allocate(6 + 2 * 256).address(), ram.allocate(6 + 8 * 256).address());
            driver.port().enableQueue(0);
            driver.driverOk();

            assertFalse(driver.needsReset());
            assertEquals(256, device.queue().size());
        }
    }

    /** Each area one byte further, from aligned to aligned; and nowhere, and at 0. */
    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @Normative("COR-3")
    @HostileCase("QC-3")
    void a_queue_whose_areas_are_unaligned_or_not_in_memory_needs_a_reset(RingFormat format) {
        boolean split = format == RingFormat.SPLIT;
        int[] alignment = {16, split ? 2 : 4, 4};
        int played = 0;
        try (TestDriver driver = TestDriver.attach(new ScriptedDevice())) {
            GuestBuffer space = driver.ram().allocate(4096, 4096);
            for (int area = 0; area < 3; area++) {
                for (int off = -2; off <= 16; off++, played++) {
                    long[] at = {space.address(), space.address() + 1024, space.address() + 2048};
                    at[area] = off == -2 ? 0 : off == -1 ? 0x7777_0000_0000L : at[area] + off;
                    driver.reset().negotiate(DriverOptions.of(format));
                    driver.port().queueSize(0, 8);
                    driver.port().queueAddresses(0, at[0], at[1], at[2]);
                    driver.port().enableQueue(0);
                    assertTrue(driver.port().isQueueEnabled(0));
                    long told = driver.port().interrupts().count(InterruptProbe.CONFIGURATION);
                    driver.driverOk();

                    boolean good = off >= 0 && off % alignment[area] == 0;
                    assertEquals(!good, driver.needsReset(), "area=" + area + " off=" + off);
                    assertEquals(good ? 0 : 1,
                            driver.port().interrupts().count(InterruptProbe.CONFIGURATION) - told);
                }
            }
            HostileCases.count("QC-3", played);
            driver.reset();
            space.fill(0);
            driver.start().queue(0).exchange(new byte[1], 1);
        }
    }

    /** A hole at every page boundary of each area, and areas that pass the end of everything. */
    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @HostileCase("RL-8")
    void a_ring_area_with_a_hole_needs_a_reset(RingFormat format) {
        int size = 1024; // descriptors: four pages; split: available ring one, used ring three
        boolean split = format == RingFormat.SPLIT;
        long[] bytes = {16L * size, split ? 6 + 2L * size : 4, split ? 6 + 8L * size : 4};
        int played = 0;
        for (int area = 0; area < 3; area++) {
            for (long page = 0; page * 4096 < bytes[area]; page++) {
                for (boolean without : new boolean[] {false, true}) {
                    assertEquals(without,
                            failsWithHole(format, size, area, without ? page : -1, bytes[area]));
                    played++;
                }
            }
        }
        HostileCases.count("RL-8", played);
    }

    private static boolean failsWithHole(
            RingFormat format, int size, int area, long hole, long bytes) {
        GuestRam ram = GuestRam.allocate();
        long at = 0x1000_0000L;
        // The area's pages are one region, or two with the hole between them.
        long pages = (bytes + 4095) / 4096;
        if (hole > 0 || hole < 0) {
            ram.add(at, 4096 * (hole < 0 ? pages : hole));
        }
        if (hole >= 0 && hole < pages - 1) {
            ram.add(at + 4096 * (hole + 1), 4096 * (pages - hole - 1));
        }
        if (hole < 0) {
            ram.at(at, bytes);
        }
        ScriptedDevice device = new ScriptedDevice().queues(1, 32768);
        try (TestDriver driver = TestDriver.attach(device, ram, builder -> { })) {
            driver.reset().negotiate(DriverOptions.of(format));
            long[] areas = {ram.allocate(16L * size).address(), ram.allocate(6 + 8L * size).address(),
                ram.allocate(6 + 8L * size).address()};
            areas[area] = at;
            driver.port().queueSize(0, size);
            driver.port().queueAddresses(0, areas[0], areas[1], areas[2]);
            driver.port().enableQueue(0);
            driver.driverOk();
            driver.runDevice();
            boolean failed = driver.needsReset();
            driver.reset();
            return failed;
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @HostileCase("RL-8")
    void a_ring_area_that_wraps_the_address_space_needs_a_reset(RingFormat format) {
        GuestRam ram = GuestRam.allocate().add(-0x1000L, 0x1000).add(0, 0x4000);
        try (TestDriver driver = TestDriver.attach(new ScriptedDevice(), ram, builder -> { })) {
            GuestBuffer good = ram.allocate(0x2000);
            for (int area = 0; area < 3; area++) {
                driver.reset().negotiate(DriverOptions.of(format));
                long[] at = {good.address(), good.address() + 4096, good.address() + 6144};
                boolean small = format == RingFormat.PACKED && area > 0;
                at[area] = small ? -2 : -16;
                driver.port().queueSize(0, 64);
                driver.port().queueAddresses(0, at[0], at[1], at[2]);
                driver.port().enableQueue(0);
                driver.driverOk();
                assertTrue(driver.needsReset());
            }
            driver.reset();
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @HostileCase("QC-1")
    void nothing_of_a_running_queue_changes(RingFormat format) {
        ScriptedDevice device = new ScriptedDevice();
        TestDriver driver = TestDriver.attach(device, builder -> builder.runner(
                Runner.workerPerDevice(Thread.ofPlatform().daemon().factory())));
        try (driver) {
            driver.start(DriverOptions.of(format).queueSize(16));
            long descriptors = driver.instance().queueConfig(0).descriptorArea();
            for (int i = 0; i < 500; i++) {
                Submitted echo = driver.queue(0).submit(new byte[] {(byte) i}, 1);
                driver.port().queueSize(0, 1 + i % 40);
                driver.port().queueAddresses(0, 16L * i, 16L * i, 16L * i);
                driver.port().enableQueue(0);
                driver.queue(0).await(echo);
                assertEquals((byte) i, echo.written()[0]);
            }
            assertEquals(16, driver.port().queueSize(0));
            assertEquals(descriptors, driver.instance().queueConfig(0).descriptorArea());
        }
    }

    @Test
    @HostileCase("QC-1")
    void a_queue_is_not_enabled_late_without_ring_reset() {
        try (TestDriver driver = TestDriver.attach(new ScriptedDevice().queues(2, 16))) {
            driver.reset().negotiate(DriverOptions.split().without(CoreFeature.RING_RESET));
            driver.setUpQueue(0);
            driver.driverOk();

            driver.setUpQueue(1);

            assertFalse(driver.port().isQueueEnabled(1));
            driver.queue(0).exchange(new byte[1], 1);
        }
    }
}
