// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit.core;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.memory.MemoryRegion;
import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.DriverQueue;
import io.virtio4j.testkit.ScriptedDevice;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.TestDriver;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Memory that is taken away under a ring: firmware that changes the memory map does so for moments. */
class RingMemoryTest {

    private final ScriptedDevice device = new ScriptedDevice();
    private List<MemoryRegion> regions = List.of();

    private TestDriver start(ScriptedDevice scripted, RingFormat format) {
        TestDriver driver = TestDriver.attach(scripted).start(DriverOptions.of(format));
        driver.queue(0).exchange(new byte[] {1}, 1);
        return driver;
    }

    private void takeMemory(TestDriver driver) {
        regions = driver.ram().memory().current().regions();
        driver.ram().memory().replace(List.of());
    }

    private void giveMemory(TestDriver driver) {
        driver.ram().memory().replace(regions);
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void a_turn_that_nobody_asked_for_waits_for_the_ring(RingFormat format) {
        try (TestDriver driver = start(device, format)) {
            takeMemory(driver);
            device.queue().wake();
            driver.runDevice();
            device.queue().wake();
            driver.runDevice();
            assertFalse(driver.needsReset());

            giveMemory(driver);
            driver.runDevice();

            assertFalse(driver.needsReset());
            assertArrayEquals(new byte[] {2}, driver.queue(0).exchange(new byte[] {2}, 1).written());
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void a_driver_that_notifies_without_its_ring_in_memory_is_at_fault(RingFormat format) {
        try (TestDriver driver = start(device, format)) {
            takeMemory(driver);
            driver.port().notifyQueue(0);
            driver.runDevice();
            assertTrue(driver.needsReset());

            giveMemory(driver);
            driver.reset().start(DriverOptions.of(format));
            assertFalse(driver.needsReset());
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void a_driver_that_notifies_while_the_queue_waits_is_at_fault(RingFormat format) {
        try (TestDriver driver = start(device, format)) {
            takeMemory(driver);
            device.queue().wake();
            driver.runDevice();
            driver.port().notifyQueue(0);
            driver.runDevice();
            assertTrue(driver.needsReset());

            giveMemory(driver);
            driver.reset().start(DriverOptions.of(format));
            assertFalse(driver.needsReset());
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void what_was_notified_before_is_served_when_the_ring_is_back(RingFormat format) {
        try (TestDriver driver = start(device, format)) {
            DriverQueue queue = driver.queue(0);
            Submitted submitted = queue.submit(new byte[] {3}, 1);
            takeMemory(driver);
            driver.runDevice();
            assertFalse(driver.needsReset());

            giveMemory(driver);
            driver.runDevice();

            assertEquals(1, queue.collect());
            assertArrayEquals(new byte[] {3}, submitted.written());
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void memory_that_comes_and_goes_without_the_ring_changes_nothing(RingFormat format) {
        try (TestDriver driver = start(device, format);
                MemoryRegion other = MemoryRegion.allocate(1L << 40, 4096)) {
            takeMemory(driver);
            device.queue().wake();
            driver.runDevice();
            driver.ram().memory().add(other);
            driver.runDevice();
            driver.ram().memory().remove(other);
            driver.runDevice();
            assertFalse(driver.needsReset());

            giveMemory(driver);
            driver.runDevice();

            assertArrayEquals(new byte[] {4}, driver.queue(0).exchange(new byte[] {4}, 1).written());
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void a_queue_without_its_ring_can_be_saved(RingFormat format) {
        try (TestDriver driver = start(device, format)) {
            byte[] before = driver.instance().save();
            takeMemory(driver);
            byte[] without = driver.instance().save();
            assertFalse(driver.needsReset());
            giveMemory(driver);
            driver.runDevice();
            assertArrayEquals(before, without);
            driver.queue(0).exchange(new byte[] {5}, 1);
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void a_buffer_that_was_in_work_without_the_ring_is_a_fault(RingFormat format) {
        ParkingDevice parking = new ParkingDevice();
        try (TestDriver driver = TestDriver.attach(parking).start(DriverOptions.of(format))) {
            driver.queue(0).submit(new byte[] {6}, 1);
            driver.runDevice();
            takeMemory(driver);
            parking.finish(0);
            driver.runDevice();
            assertTrue(driver.needsReset());

            giveMemory(driver);
            driver.reset().start(DriverOptions.of(format));
            assertFalse(driver.needsReset());
        }
    }
}
