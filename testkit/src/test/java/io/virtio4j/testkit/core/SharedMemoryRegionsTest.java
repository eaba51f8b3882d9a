// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit.core;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.device.ConfigSpace;
import io.virtio4j.core.memory.SharedMemoryRegion;
import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.DriverPort;
import io.virtio4j.testkit.RawQueue;
import io.virtio4j.testkit.ScriptedDevice;
import io.virtio4j.testkit.SharedMemory;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.TestDriver;
import io.virtio4j.testkit.conformance.Normative;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** [Shared Memory Regions] */
class SharedMemoryRegionsTest {

    private static final int BYTES = 1 << 16;

    private final MemorySegment shared = Arena.ofAuto().allocate(BYTES, 4096);
    private final ScriptedDevice device = new ScriptedDevice()
            .config(new ConfigSpace(8))
            .sharedMemory(new SharedMemoryRegion(7, shared));

    @Test
    void a_region_is_found_by_its_id_alone() {
        try (TestDriver driver = TestDriver.attach(device)) {
            assertEquals(new SharedMemory(7, shared.address(), BYTES), driver.port().sharedMemory(7));
            for (int id = 0; id < 256; id++) {
                if (id != 7) {
                    assertNull(driver.port().sharedMemory(id));
                }
            }
        }
    }

    @Test
    void an_id_has_8_bits_and_a_region_some_bytes() {
        assertThrows(IllegalArgumentException.class, () -> new SharedMemoryRegion(256, shared));
        assertThrows(IllegalArgumentException.class, () -> new SharedMemoryRegion(-1, shared));
        assertThrows(IllegalArgumentException.class,
                () -> new SharedMemoryRegion(0, shared.asSlice(0, 0)));
    }

    /** Whatever the driver writes there, the device does nothing. */
    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @Normative("SHM-1")
    void a_region_controls_nothing(RingFormat format) {
        try (TestDriver driver = TestDriver.attach(device).start(DriverOptions.of(format))) {
            driver.runDevice();
            int status = driver.port().status();
            for (int value = 0; value < 256; value += 51) {
                for (long at = 0; at < BYTES; at++) {
                    shared.set(ValueLayout.JAVA_BYTE, at, (byte) value);
                }
                assertEquals(0, driver.runDevice());
            }

            assertEquals(status, driver.port().status());
            assertEquals(0, driver.port().readConfig(0, 8));
            assertEquals(DriverPort.Notifications.NONE, driver.port().takeNotifications());
            assertEquals(0, driver.instance().counters(0).chains());
        }
    }

    /** No data comes through it, and none goes: a descriptor cannot name it, nor a ring lie in it. */
    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @Normative("SHM-1")
    void a_region_streams_no_data(RingFormat format) {
        shared.fill((byte) 0x5A);
        byte[] before = shared.toArray(ValueLayout.JAVA_BYTE);
        try (TestDriver driver = TestDriver.attach(device).start(DriverOptions.of(format))) {
            for (long address : new long[] {shared.address(), 0, 7L << 56}) {
                Submitted into = driver.queue(0).add(
                        new Submitted.Descriptor(driver.ram().allocate(16).address(), 16, false),
                        new Submitted.Descriptor(address, 16, true));
                Submitted from = driver.queue(0).add(new Submitted.Descriptor(address, 16, false),
                        new Submitted.Descriptor(driver.ram().allocate(16).address(), 16, true));
                driver.queue(0).publish();
                driver.queue(0).kick();
                driver.queue(0).awaitAll();
                assertEquals(0, into.usedLength());
                assertEquals(0, from.usedLength());
            }
            driver.queue(0).exchange(new byte[256], 256);
            assertArrayEquals(before, shared.toArray(ValueLayout.JAVA_BYTE));

            driver.reset().negotiate(DriverOptions.of(format));
            RawQueue queue = new RawQueue(driver.port(), driver.ram(), 0, 8, format);
            driver.port().queueSize(0, 8);
            driver.port().queueAddresses(0, queue.descriptors().address(),
                    queue.driverArea().address(), shared.address());
            driver.port().enableQueue(0);
            driver.driverOk();
            assertTrue(driver.needsReset());
            driver.reset();
        }
    }
}
