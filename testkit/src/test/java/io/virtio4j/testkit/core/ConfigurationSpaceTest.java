// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit.core;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.device.ConfigSpace;
import io.virtio4j.core.wire.Le32;
import io.virtio4j.core.wire.Le64;
import io.virtio4j.testkit.InterruptProbe;
import io.virtio4j.testkit.ScriptedDevice;
import io.virtio4j.testkit.TestDriver;
import io.virtio4j.testkit.conformance.Normative;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** [Basic Facilities of a Virtio Device / Device Configuration Space] */
class ConfigurationSpaceTest {

    private static final int SIZE = 20;
    private static final Le64 LOW = new Le64(0);
    private static final Le64 HIGH = new Le64(8);

    private static ConfigSpace numbered() {
        ConfigSpace config = new ConfigSpace(SIZE);
        config.set(segment -> {
            for (int i = 0; i < SIZE; i++) {
                segment.set(JAVA_BYTE, i, (byte) (0xF0 + i));
            }
        });
        return config;
    }

    @Test
    @Normative("COR-10")
    void every_offset_is_read_in_every_width_before_features_ok() {
        try (TestDriver driver = TestDriver.attach(new ScriptedDevice().config(numbered()))) {
            for (int width : new int[] {1, 2, 4, 8}) {
                for (int offset = -10; offset < SIZE + 10; offset++) {
                    long expected = 0;
                    boolean inside = offset >= 0 && offset + width <= SIZE;
                    for (int i = width - 1; i >= 0 && inside; i--) {
                        expected = expected << 8 | (0xF0 + offset + i) & 0xFF;
                    }
                    assertEquals(expected, driver.port().readConfig(offset, width),
                            "offset=" + offset + " width=" + width);
                }
            }
            for (int offset : new int[] {Integer.MAX_VALUE, Integer.MIN_VALUE, -1}) {
                for (int width = -1; width < 20; width++) {
                    assertEquals(0, driver.port().readConfig(offset, width));
                }
            }
            for (int width : new int[] {0, 3, 5, 6, 7, 16, -8, Integer.MIN_VALUE}) {
                assertEquals(0, driver.port().readConfig(0, width));
            }
        }
    }

    @Test
    void writes_change_writable_bytes_alone_and_are_told_to_the_device() {
        for (int width : new int[] {1, 2, 4, 8}) {
            for (int offset = -9; offset < SIZE + 9; offset++) {
                List<Long> told = new ArrayList<>();
                ConfigSpace config = numbered();
                config.writable(6, 4, written -> told.add(written.get(s -> new Le32(6).get(s, 0))));
                try (TestDriver driver = TestDriver.attach(new ScriptedDevice().config(config)).start()) {
                    driver.port().writeConfig(offset, width, 0x0807_0605_0403_0201L);
                    boolean inside = offset >= 0 && offset + width <= SIZE;
                    boolean touched = false;
                    for (int at = 0; at < SIZE; at++) {
                        boolean written = inside && at >= 6 && at < 10 && at >= offset
                                && at < offset + width;
                        touched |= written;
                        assertEquals(written ? at - offset + 1 : (0xF0 + at) & 0xFF,
                                driver.port().readConfig(at, 1));
                    }
                    assertEquals(touched ? 1 : 0, told.size());
                }
            }
        }
    }

    @Test
    void a_device_can_take_back_what_was_written() {
        ConfigSpace config = new ConfigSpace(4);
        config.writable(0, 1, written -> written.set(segment -> segment.set(JAVA_BYTE, 0, (byte) 1)));
        try (TestDriver driver = TestDriver.attach(new ScriptedDevice().config(config)).start()) {
            driver.port().writeConfig(0, 1, 0x77);

            assertEquals(1, driver.port().readConfig(0, 1));
        }
    }

    @Test
    void a_field_that_passes_the_configuration_cannot_be_writable() {
        for (int[] field : new int[][] {{-1, 1}, {0, 0}, {0, 5}, {4, 1}, {Integer.MAX_VALUE, 1}}) {
            assertThrows(IllegalArgumentException.class,
                    () -> new ConfigSpace(4).writable(field[0], field[1], written -> { }));
        }
    }

    @Test
    void every_change_has_a_generation_of_its_own_and_is_told_once_the_device_runs() {
        ConfigSpace config = numbered();
        try (TestDriver driver = TestDriver.attach(new ScriptedDevice().config(config))) {
            config.update(segment -> segment.set(JAVA_BYTE, 0, (byte) 1));
            assertEquals(0, driver.port().interrupts().total());
            driver.start();
            for (int i = 2; i < 600; i++) {
                byte value = (byte) i;
                int before = driver.port().configGeneration();
                config.update(segment -> segment.set(JAVA_BYTE, 0, value));
                assertNotEquals(before & 0xFF, driver.port().configGeneration() & 0xFF);
                assertEquals(value & 0xFF, driver.port().readConfig(0, 1));
                assertEquals(i - 1, driver.port().interrupts().count(InterruptProbe.CONFIGURATION));
            }
        }
    }

    /** A driver that reads as it is told to, twice if the generation changed, never sees a mix. */
    @Test
    void a_driver_that_watches_the_generation_never_sees_a_mix() throws Exception {
        ConfigSpace config = new ConfigSpace(16);
        try (TestDriver driver = TestDriver.attach(new ScriptedDevice().config(config)).start()) {
            Thread changer = Thread.ofPlatform().start(() -> {
                for (long i = 1; !Thread.currentThread().isInterrupted(); i++) {
                    long value = i;
                    config.update(segment -> {
                        LOW.set(segment, 0, value);
                        HIGH.set(segment, 0, ~value);
                    });
                }
            });
            int consistent = 0;
            while (consistent < 3_000) {
                int before = driver.port().configGeneration();
                long low = driver.port().readConfig(0, 8);
                long high = driver.port().readConfig(8, 8);
                if (before == driver.port().configGeneration() && low != 0) {
                    assertEquals(~low, high);
                    consistent++;
                }
            }
            changer.interrupt();
            changer.join();
        }
    }

    @Test
    void a_device_without_configuration_reads_as_zero_and_tells_no_change() {
        try (TestDriver driver = TestDriver.attach(new ScriptedDevice()).start()) {
            driver.port().writeConfig(0, 4, 1);
            assertEquals(0, driver.port().readConfig(0, 4));
            assertEquals(0, driver.instance().configSize());
            assertFalse(driver.port().takeNotifications().configurationChanged());
            assertTrue(driver.port().interrupts().total() == 0);
        }
    }
}
