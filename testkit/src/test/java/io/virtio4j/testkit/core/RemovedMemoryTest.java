// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.memory.MemoryRegion;
import io.virtio4j.core.memory.RegionRemoval;
import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.GuestRam;
import io.virtio4j.testkit.TestDriver;
import io.virtio4j.testkit.conformance.HostileCase;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Memory that is taken away while requests are in flight in it. */
class RemovedMemoryTest {

    /** The rings go too, so that the queue fails: before it has seen what was completed. */
    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @HostileCase("LM-1")
    void memory_is_let_go_of_when_the_last_request_ends_although_the_ring_is_gone(RingFormat format) {
        ParkingDevice device = new ParkingDevice();
        GuestRam ram = GuestRam.allocate();
        List<MemoryRegion> regions = ram.regions();
        try (TestDriver driver = TestDriver.attach(device, ram, builder -> {}).start(DriverOptions.of(format))) {
            driver.queue(0).submit(new byte[] {1}, 1);
            driver.queue(0).submit(new byte[] {2}, 1);
            driver.runDevice();
            RegionRemoval removal = ram.memory().replace(List.of());
            assertFalse(removal.isQuiescent());

            device.finish(0);
            driver.runDevice();
            assertFalse(removal.isQuiescent());
            device.finish(0);
            driver.runDevice();

            assertTrue(removal.isQuiescent());
            assertTrue(driver.needsReset());
            driver.errors().take();
            ram.memory().replace(regions);
            driver.start(DriverOptions.of(format));
            driver.queue(0).submit(new byte[] {3}, 1);
            driver.runDevice();
            assertEquals(1, device.parked.size());
            device.finishAll();
        }
    }

    /** Completed together: the first turn that sees them finds no ring. */
    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @HostileCase("LM-1")
    void requests_that_end_together_are_let_go_of_together(RingFormat format) {
        ParkingDevice device = new ParkingDevice();
        GuestRam ram = GuestRam.allocate();
        List<MemoryRegion> regions = ram.regions();
        try (TestDriver driver = TestDriver.attach(device, ram, builder -> {}).start(DriverOptions.of(format))) {
            for (int i = 0; i < 5; i++) {
                driver.queue(0).submit(new byte[] {1}, 1);
            }
            driver.runDevice();
            RegionRemoval removal = ram.memory().replace(List.of());

            device.finishAll();
            driver.runDevice();

            assertTrue(removal.isQuiescent());
            driver.errors().take();
            ram.memory().replace(regions);
            driver.reset();
        }
    }
}
