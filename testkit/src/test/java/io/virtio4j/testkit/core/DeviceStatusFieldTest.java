// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit.core;

import static io.virtio4j.core.transport.DeviceStatus.ACKNOWLEDGE;
import static io.virtio4j.core.transport.DeviceStatus.DEVICE_NEEDS_RESET;
import static io.virtio4j.core.transport.DeviceStatus.DRIVER;
import static io.virtio4j.core.transport.DeviceStatus.DRIVER_OK;
import static io.virtio4j.core.transport.DeviceStatus.FAILED;
import static io.virtio4j.core.transport.DeviceStatus.FEATURES_OK;
import static io.virtio4j.core.transport.DeviceStatus.SUSPEND;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.device.DeviceContext;
import io.virtio4j.core.device.FeatureSet;
import io.virtio4j.core.queue.QueueHandler;
import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.core.queue.VirtQueue;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.InterruptProbe;
import io.virtio4j.testkit.ScriptedDevice;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.TestDriver;
import io.virtio4j.testkit.conformance.HostileCase;
import io.virtio4j.testkit.conformance.HostileCases;
import io.virtio4j.testkit.conformance.Normative;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** [Basic Facilities of a Virtio Device / Device Status Field] */
class DeviceStatusFieldTest {

    private static final int RUNNING = ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK;

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @Normative("COR-1")
    void buffers_are_not_consumed_before_driver_ok(RingFormat format) {
        try (TestDriver driver = TestDriver.attach(new ScriptedDevice())) {
            driver.reset().negotiate(DriverOptions.of(format)).setUpQueues();
            Submitted early = driver.queue(0).submit(new byte[] {1}, 1);
            byte[][] before = driver.ram().copyOfRegions();

            driver.queue(0).kickAlways();
            driver.runDevice();

            assertArrayEquals(before, driver.ram().copyOfRegions());
            assertEquals(0, driver.port().interrupts().total());
            driver.driverOk().queue(0).await(early);
        }
    }

    @Test
    @Normative({"COR-2", "COR-3"})
    void a_device_that_asks_for_it_needs_a_reset_and_says_so_once() {
        ScriptedDevice device = new ScriptedDevice();
        try (TestDriver driver = TestDriver.attach(device).start()) {
            device.context().needsReset("test: reason=first");
            device.context().needsReset("test: reason=second");

            assertEquals(RUNNING | DEVICE_NEEDS_RESET, driver.port().status());
            assertEquals(1, driver.port().interrupts().count(InterruptProbe.CONFIGURATION));
            driver.reset();
        }
    }

    @Test
    @Normative("COR-9")
    void a_device_that_was_reset_does_not_need_a_reset_any_more() {
        ScriptedDevice device = new ScriptedDevice();
        try (TestDriver driver = TestDriver.attach(device).start()) {
            DeviceContext old = device.context();
            driver.reset();

            old.needsReset("test: reason=late");

            assertEquals(0, driver.port().status());
            assertEquals(0, driver.port().interrupts().total());
        }
    }

    @Test
    @Normative({"COR-2", "COR-3"})
    @HostileCase("ST-5")
    void a_device_that_cannot_be_activated_needs_a_reset() {
        boolean[] fails = {true};
        ScriptedDevice device = new ScriptedDevice() {
            @Override
            public void activate(DeviceContext context) {
                if (fails[0]) {
                    throw new IllegalStateException("no backend");
                }
                super.activate(context);
            }
        };
        try (TestDriver driver = TestDriver.attach(device).start()) {
            assertEquals(RUNNING | DEVICE_NEEDS_RESET, driver.port().status());
            assertEquals(1, driver.port().interrupts().count(InterruptProbe.CONFIGURATION));
            driver.port().notifyQueue(0);
            assertEquals(0, driver.runDevice());
            assertEquals("no backend", driver.errors().take().getFirst().getMessage());
            fails[0] = false;
            driver.start().queue(0).exchange(new byte[1], 1);
        }
    }

    @Test
    @HostileCase("ST-5")
    void a_queue_that_cannot_be_started_needs_a_reset_and_the_others_run() {
        boolean[] fails = {true};
        ScriptedDevice device = new ScriptedDevice() {
            @Override
            public QueueHandler startQueue(VirtQueue queue, DeviceContext context) {
                if (fails[0] && queue.index() == 1) {
                    throw new IllegalStateException("no thread");
                }
                return super.startQueue(queue, context);
            }
        };
        device.queues(3, 16);
        try (TestDriver driver = TestDriver.attach(device).start()) {
            assertTrue(driver.needsReset());
            driver.errors().take();
            driver.queue(0).exchange(new byte[1], 1);
            driver.queue(2).exchange(new byte[1], 1);
            fails[0] = false;
            driver.start().queue(1).exchange(new byte[1], 1);
        }
    }

    @Test
    @HostileCase("ST-5")
    void driver_ok_twice_activates_once() {
        ScriptedDevice device = new ScriptedDevice();
        try (TestDriver driver = TestDriver.attach(device).start()) {
            driver.driverOk().driverOk();

            assertEquals(1, Collections.frequency(device.calls, "activate"));
            assertEquals(1, Collections.frequency(device.calls, "start 0"));
        }
    }

    @Test
    @HostileCase("ST-5")
    void driver_ok_without_a_queue_is_legal() {
        ScriptedDevice device = new ScriptedDevice();
        try (TestDriver driver = TestDriver.attach(device)) {
            driver.reset().negotiate(DriverOptions.split()).driverOk();

            assertEquals(RUNNING, driver.port().status());
            assertEquals(List.of("activate"), device.calls);
            driver.setUpQueue(0).exchange(new byte[1], 1);
        }
    }

    /** Every value from every state, against the rules written down here once more. */
    @Test
    @Normative({"COR-8", "COR-14"})
    @HostileCase("ST-4")
    void a_write_of_any_value_in_any_state_does_what_the_sequence_allows() {
        int played = 0;
        for (boolean mayAgree : new boolean[] {true, false}) {
            for (int state = 0; state < 10; state++) {
                for (int value = 0; value < 256; value++) {
                    ScriptedDevice device = new ScriptedDevice();
                    try (TestDriver driver = TestDriver.attach(device)) {
                        bring(driver, device, state, mayAgree);
                        int before = driver.port().status();

                        driver.port().writeStatus(value);

                        assertEquals(expected(before, value, mayAgree), driver.port().status(),
                                "before=" + before + " value=" + value + " mayAgree=" + mayAgree);
                        played++;
                        driver.reset();
                    }
                }
            }
        }
        HostileCases.count("ST-4", played);
    }

    private static void bring(
            TestDriver driver, ScriptedDevice device, int state, boolean mayAgree) {
        driver.reset();
        FeatureSet features = mayAgree ? driver.offered() : FeatureSet.NONE;
        driver.port().acceptFeatures(0, features.word(0));
        driver.port().acceptFeatures(1, features.word(1));
        if (state > 0) {
            driver.addStatus(ACKNOWLEDGE);
        }
        if (state > 1) {
            driver.addStatus(DRIVER);
        }
        if (state > 2) {
            driver.addStatus(FEATURES_OK);
        }
        switch (state) {
            case 4 -> driver.driverOk();
            case 5 -> {
                driver.driverOk();
                driver.addStatus(SUSPEND);
            }
            case 6 -> {
                driver.driverOk();
                if (mayAgree) {
                    device.context().needsReset("test");
                }
            }
            case 7 -> driver.addStatus(FAILED);
            case 8 -> {
                driver.driverOk();
                driver.addStatus(FAILED);
            }
            case 9 -> {
                driver.driverOk();
                driver.addStatus(SUSPEND);
                driver.addStatus(FAILED);
            }
            default -> { }
        }
    }

    private static int expected(int before, int value, boolean mayAgree) {
        if (value == 0) {
            return 0;
        }
        if ((before & SUSPEND) != 0) {
            boolean resumes = (value & DRIVER_OK) != 0 && (value & FAILED) == 0 && (before & FAILED) == 0;
            int failed = before | value & FAILED;
            return resumes ? failed & ~SUSPEND | DRIVER_OK : failed;
        }
        int drivers = before & ~DEVICE_NEEDS_RESET;
        if ((value & drivers) != drivers) {
            return before; // a bit cannot be cleared
        }
        if (((before | value) & FAILED) != 0) {
            return before | FAILED;
        }
        int status = before;
        for (int bit : new int[] {ACKNOWLEDGE, DRIVER, FEATURES_OK, DRIVER_OK}) {
            boolean follows = bit == ACKNOWLEDGE
                    || (status & (bit == DRIVER ? ACKNOWLEDGE : bit == FEATURES_OK ? DRIVER : FEATURES_OK))
                            != 0;
            boolean works = bit != FEATURES_OK || mayAgree;
            if ((value & bit) != 0 && (status & bit) == 0) {
                if (!follows || !works) {
                    return status;
                }
                status |= bit;
            }
        }
        if ((value & SUSPEND) != 0 && (status & DRIVER_OK) != 0) {
            status = status & ~DRIVER_OK | SUSPEND;
        }
        return status;
    }
}
