// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.mem;

import static io.virtio4j.mem.Dimm.BLOCK;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.conformance.HostileCase;
import io.virtio4j.testkit.conformance.Normative;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** [Memory Device / Device Initialization] */
class DeviceInitializationTest {

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @Normative({"MEM-13", "MEM-14", "MEM-18"})
    @HostileCase("ME-5")
    void plugged_memory_outlives_a_reset_of_the_device(RingFormat format) {
        try (Dimm dimm = Dimm.start(DriverOptions.of(format))) {
            dimm.plug(2, 3);
            dimm.region.segment().set(JAVA_BYTE, 3 * BLOCK + 7, (byte) 42);
            for (int i = 0; i < 3; i++) {
                dimm.driver.reset();
                assertTrue(dimm.isReachable(3));
                assertFalse(dimm.isReachable(5));
                dimm.driver.start(DriverOptions.of(format));
            }
            assertEquals(Dimm.PLUGGED, dimm.state(2, 3));
            assertEquals(3 * BLOCK, dimm.plugged());
            assertEquals(42, dimm.region.segment().get(JAVA_BYTE, 3 * BLOCK + 7));
        }
    }

    /** [Memory Device / Device Operation] */
    @Test
    @Normative({"MEM-21", "MEM-22"})
    void a_reset_of_the_machine_unplugs_everything() {
        try (Dimm dimm = Dimm.start(DriverOptions.split())) {
            dimm.plug(0, 64);
            assertThrows(IllegalStateException.class, dimm.device::systemReset, "a driver uses the memory");
            dimm.driver.reset();
            dimm.device.systemReset();
            assertEquals(0, dimm.plugged());
            assertFalse(dimm.isReachable(0));
            dimm.driver.start(DriverOptions.split());
            assertEquals(Dimm.UNPLUGGED, dimm.state(0, 64));
            dimm.plug(0, 1);
        }
    }

    @Test
    @Normative({"MEM-12", "MEM-20"})
    void a_driver_without_unplugged_inaccessible_is_served_and_reads_what_it_likes() {
        try (Dimm dimm = Dimm.start(DriverOptions.split().without(MemFeature.UNPLUGGED_INACCESSIBLE))) {
            dimm.plug(0, 2);
            dimm.unplug(0, 1);
            // By its processors: the memory is still where the embedder shows it to them.
            assertEquals(0, dimm.region.segment().get(JAVA_BYTE, 0));
            assertEquals(0, dimm.region.segment().get(JAVA_BYTE, 63 * BLOCK));
        }
    }

    @Test
    @Normative({"MEM-15", "MEM-23"})
    void blocks_stay_as_they_are_while_the_device_is_suspended() {
        try (Dimm dimm = Dimm.start(DriverOptions.split())) {
            assertTrue(dimm.driver.negotiated().has(MemFeature.PERSISTENT_SUSPEND));
            dimm.plug(1, 2);
            dimm.driver.suspend();
            assertTrue(dimm.isReachable(1));
            dimm.device.requestSize(8 * BLOCK);
            dimm.driver.resume();
            assertEquals(8 * BLOCK, dimm.config(MemConfig.REQUESTED_SIZE));
            assertEquals(Dimm.PLUGGED, dimm.state(1, 2));
            assertEquals(Dimm.UNPLUGGED, dimm.state(3, 61));
        }
    }
}
