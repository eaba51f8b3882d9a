// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit.core;

import static io.virtio4j.core.transport.DeviceStatus.FEATURES_OK;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.device.CoreFeature;
import io.virtio4j.core.device.Feature;
import io.virtio4j.core.device.FeatureSet;
import io.virtio4j.core.transport.DeviceInstance;
import io.virtio4j.core.transport.DeviceStatus;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.ScriptedDevice;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.TestDriver;
import io.virtio4j.testkit.conformance.HostileCase;
import io.virtio4j.testkit.conformance.HostileCases;
import io.virtio4j.testkit.conformance.Normative;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** [Basic Facilities of a Virtio Device / Feature Bits], [Reserved Feature Bits] */
class FeatureBitsTest {

    /** C requires B, B requires A. */
    private enum Chained implements Feature {
        A(0), B(5), C(70);

        private final int bit;

        Chained(int bit) {
            this.bit = bit;
        }

        @Override
        public int bit() {
            return bit;
        }

        @Override
        public String requirement() {
            return ordinal() == 0 ? "" : values()[ordinal() - 1].name();
        }

        @Override
        public boolean isSatisfiedBy(FeatureSet others) {
            return ordinal() == 0 || others.has(values()[ordinal() - 1]);
        }
    }

    private static ScriptedDevice chained(Chained... offered) {
        return new ScriptedDevice().features(FeatureSet.of(offered), List.of(Chained.values()));
    }

    private static FeatureSet least() {
        return FeatureSet.of(CoreFeature.VERSION_1);
    }

    @Test
    @Normative("COR-4")
    void a_device_that_offers_a_feature_without_what_it_requires_is_not_built() {
        for (int mask = 0; mask < 8; mask++) {
            FeatureSet set = FeatureSet.NONE;
            for (Chained feature : Chained.values()) {
                set = (mask >> feature.ordinal() & 1) != 0 ? set.with(feature) : set;
            }
            ScriptedDevice device =
                    new ScriptedDevice().features(set, List.of(Chained.values()));
            if (mask == 0 || mask == 1 || mask == 3 || mask == 7) {
                DeviceInstance.of(device).build().close();
            } else {
                assertThrows(IllegalArgumentException.class, () -> DeviceInstance.of(device).build());
            }
        }
    }

    @Test
    @Normative("COR-5")
    void every_valid_subset_is_accepted_and_no_other() {
        try (TestDriver driver = TestDriver.attach(chained(Chained.values()))) {
            for (int mask = 0; mask < 8; mask++) {
                FeatureSet accepted = least();
                for (Chained feature : Chained.values()) {
                    accepted = (mask >> feature.ordinal() & 1) != 0 ? accepted.with(feature) : accepted;
                }
                boolean valid = mask == 0 || mask == 1 || mask == 3 || mask == 7;
                assertEquals(valid, driver.reset().tryNegotiate(DriverOptions.split().exactly(accepted)),
                        "mask=" + mask);
                assertEquals(valid, (driver.port().status() & FEATURES_OK) != 0);
            }
        }
    }

    @Test
    @Normative("COR-5")
    void a_refused_driver_may_try_again_with_less() {
        try (TestDriver driver = TestDriver.attach(chained(Chained.A))) {
            driver.reset();
            assertFalse(driver.tryNegotiate(DriverOptions.split().exactly(least().with(Chained.C))));

            assertTrue(driver.tryNegotiate(DriverOptions.split().exactly(least().with(Chained.A))));
        }
    }

    @Test
    @Normative("COR-5")
    void a_device_can_refuse_and_one_that_fails_refuses() {
        String[] answer = {"not today"};
        ScriptedDevice device = new ScriptedDevice() {
            @Override
            public @Nullable String negotiate(FeatureSet accepted) {
                if (answer[0].isEmpty()) {
                    throw new IllegalStateException("device bug");
                }
                return answer[0].equals("fine") ? null : answer[0];
            }
        };
        try (TestDriver driver = TestDriver.attach(device)) {
            assertFalse(driver.reset().tryNegotiate(DriverOptions.split()));
            answer[0] = "";
            assertFalse(driver.reset().tryNegotiate(DriverOptions.split()));
            assertEquals("device bug", driver.errors().take().getFirst().getMessage());
            answer[0] = "fine";
            assertTrue(driver.reset().tryNegotiate(DriverOptions.split()));
        }
    }

    @Test
    @Normative("COR-6")
    void nothing_is_offered_that_is_reserved_or_only_of_some_transports() {
        try (TestDriver driver = TestDriver.attach(new ScriptedDevice())) {
            FeatureSet known = FeatureSet.of(CoreFeature.values());

            assertTrue(driver.offered().minus(known).isEmpty());
            assertFalse(driver.offered().has(CoreFeature.SR_IOV));
            assertFalse(driver.offered().has(CoreFeature.ADMIN_VQ));
        }
        for (CoreFeature feature : List.of(CoreFeature.SR_IOV, CoreFeature.ADMIN_VQ)) {
            assertThrows(IllegalArgumentException.class,
                    () -> DeviceInstance.of(new ScriptedDevice()).offer(feature));
        }
    }

    /** What can be offered can be accepted alone, and then works. */
    @ParameterizedTest
    @EnumSource(value = CoreFeature.class, mode = EnumSource.Mode.EXCLUDE, names = {"SR_IOV", "ADMIN_VQ"})
    @Normative({"COR-5", "COR-6"})
    void each_feature_that_can_be_offered_works_alone(CoreFeature feature) {
        try (TestDriver driver = TestDriver.attach(
                new ScriptedDevice(), builder -> builder.offer(feature))) {
            assertTrue(driver.offered().has(feature));
            driver.start(DriverOptions.split().exactly(least().with(feature)));
            for (int i = 0; i < 200; i++) {
                Submitted echo = driver.queue(0).exchange(new byte[] {(byte) i, 2, 3}, 3);
                assertArrayEquals(echo.readable(), echo.written());
            }
        }
    }

    @Test
    @Normative("COR-7")
    void a_set_that_was_accepted_once_is_accepted_again() {
        try (TestDriver driver = TestDriver.attach(chained(Chained.values()))) {
            for (int i = 0; i < 100; i++) {
                driver.reset().negotiate(i % 2 == 0 ? DriverOptions.split() : DriverOptions.packed());
            }
        }
    }

    @Test
    @Normative({"COR-22", "COR-23"})
    @HostileCase("ST-2")
    void version_1_is_always_offered_and_has_to_be_accepted() {
        try (TestDriver driver = TestDriver.attach(
                new ScriptedDevice(), builder -> builder.withhold(CoreFeature.values()))) {
            assertEquals(least(), driver.offered());
            assertFalse(driver.reset().tryNegotiate(DriverOptions.split().exactly(FeatureSet.NONE)));
            driver.start().queue(0).exchange(new byte[1], 1);
        }
    }

    @Test
    @Normative({"COR-24", "COR-25"})
    @HostileCase("ST-2")
    void access_platform_has_to_be_accepted_where_it_is_offered() {
        try (TestDriver driver = TestDriver.attach(
                new ScriptedDevice(), builder -> builder.offer(CoreFeature.ACCESS_PLATFORM))) {
            assertTrue(driver.offered().has(CoreFeature.ACCESS_PLATFORM));
            assertFalse(driver.reset().tryNegotiate(
                    DriverOptions.split().without(CoreFeature.ACCESS_PLATFORM)));
            driver.start().queue(0).exchange(new byte[1], 1);
        }
    }

    @Test
    @Normative({"COR-27", "COR-28"})
    void order_platform_need_not_be_accepted() {
        try (TestDriver driver = TestDriver.attach(
                new ScriptedDevice(), builder -> builder.offer(CoreFeature.ORDER_PLATFORM))) {
            driver.start(DriverOptions.split().without(CoreFeature.ORDER_PLATFORM))
                    .queue(0).exchange(new byte[1], 1);
        }
    }

    @Test
    @Normative({"COR-5", "COR-6"})
    @HostileCase("ST-1")
    void no_bit_that_is_not_offered_is_accepted() {
        try (TestDriver driver = TestDriver.attach(chained(Chained.A))) {
            FeatureSet offered = driver.offered();
            int played = 0;
            for (int bit = 0; bit < 128; bit++) {
                if (!offered.hasBit(bit)) {
                    assertFalse(driver.reset().tryNegotiate(
                            DriverOptions.split().exactly(offered.withBit(bit))), "bit=" + bit);
                    played++;
                }
            }
            for (int word : new int[] {4, 5, 31, 32, 1 << 16, Integer.MAX_VALUE, Integer.MIN_VALUE, -1}) {
                driver.reset();
                driver.port().acceptFeatures(word, 1);
                assertFalse(driver.tryNegotiate(DriverOptions.split()), "word=" + word);
                assertEquals(0, driver.port().deviceFeatures(word));
                played++;
            }
            HostileCases.count("ST-1", played);
            driver.start().queue(0).exchange(new byte[1], 1);
        }
    }

    @Test
    @HostileCase("ST-3")
    void features_do_not_change_after_features_ok() {
        try (TestDriver driver = TestDriver.attach(chained(Chained.A))) {
            driver.reset().negotiate(DriverOptions.split());
            FeatureSet negotiated = driver.instance().accepted();
            for (boolean running : new boolean[] {false, true}) {
                for (int word = 0; word < 6; word++) {
                    driver.port().acceptFeatures(word, 0);
                    driver.port().acceptFeatures(word, -1);
                }
                assertEquals(negotiated, driver.instance().accepted());
                if (!running) {
                    driver.setUpQueues().driverOk();
                }
            }
            HostileCases.count("ST-3", 24);
            driver.queue(0).exchange(new byte[1], 1);
            assertTrue((driver.port().status() & DeviceStatus.DRIVER_OK) != 0);
        }
    }
}
