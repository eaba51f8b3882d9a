// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit;

import static io.virtio4j.core.transport.DeviceStatus.ACKNOWLEDGE;
import static io.virtio4j.core.transport.DeviceStatus.DEVICE_NEEDS_RESET;
import static io.virtio4j.core.transport.DeviceStatus.DRIVER;
import static io.virtio4j.core.transport.DeviceStatus.DRIVER_OK;
import static io.virtio4j.core.transport.DeviceStatus.FAILED;
import static io.virtio4j.core.transport.DeviceStatus.FEATURES_OK;
import static io.virtio4j.core.transport.DeviceStatus.SUSPEND;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.virtio4j.core.device.FeatureSet;
import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.testkit.conformance.HostileCase;
import io.virtio4j.testkit.conformance.Normative;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What holds for every transport, as tests: extend it in the transport's tests and implement {@link
 * #connect}.
 *
 * <pre>{@code
 * class MmioContractTest extends TransportContract {
 *     protected DriverPort connect(DeviceInstance instance, GuestRam ram) {
 *         InterruptProbe probe = new InterruptProbe();
 *         MmioTransport mmio = ...; // its interrupt line: level -> probe.level(0, level)
 *         return new MmioPort(accessTo(mmio), probe);
 *     }
 * }
 * }</pre>
 */
public abstract class TransportContract extends TransportQueueContract {

    /** For subclasses. */
    protected TransportContract() {}

    // ── Features ───────────────────────────────────────────────────────────

    @Test
    void the_driver_sees_what_is_offered_in_every_word() {
        try (Rig rig = new Rig()) {
            for (int word = 0; word < FeatureSet.WORDS; word++) {
                assertEquals(rig.instance.offered().word(word), rig.port().deviceFeatures(word));
            }
            for (int word : new int[] {4, 5, 31, 32, 255, 0x7FFF_FFFF, -1}) {
                assertEquals(0, rig.port().deviceFeatures(word));
            }
            assertEquals(42, rig.port().deviceId());
        }
    }

    /** How many words of features the transport's protocol carries. Most carry all. */
    protected int featureWords() {
        return FeatureSet.WORDS;
    }

    @Test
    void the_device_learns_what_is_accepted_in_every_word() {
        try (Rig rig = new Rig().start(RingFormat.SPLIT)) {
            FeatureSet expected = ContractDevice.FEATURES;
            for (int word = featureWords(); word < FeatureSet.WORDS; word++) {
                expected = expected.withWord(word, 0);
            }
            assertEquals(rig.driver.negotiated(), rig.instance.accepted());
            assertEquals(expected, rig.instance.accepted().intersection(ContractDevice.FEATURES));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 49, 63, 66, 96, 126})
    @Normative("COR-5")
    @HostileCase("ST-1")
    void a_feature_that_is_not_offered_is_refused(int bit) {
        try (Rig rig = new Rig()) {
            FeatureSet accepted = rig.driver.offered().withBit(bit);

            assertFalse(rig.driver.reset().tryNegotiate(DriverOptions.split().exactly(accepted)));

            rig.start(RingFormat.SPLIT).exchange(0);
        }
    }

    @Test
    @HostileCase("ST-1")
    void features_beyond_the_last_word_are_refused() {
        try (Rig rig = new Rig()) {
            rig.driver.reset();
            rig.port().acceptFeatures(4, 1);

            assertFalse(rig.driver.tryNegotiate(DriverOptions.split()));
        }
    }

    // ── Status ─────────────────────────────────────────────────────────────

    @Test
    void status_reads_back_at_every_step_of_the_initialization() {
        try (Rig rig = new Rig()) {
            rig.driver.reset();
            assertEquals(0, rig.port().status());
            rig.driver.addStatus(ACKNOWLEDGE);
            assertEquals(ACKNOWLEDGE, rig.port().status());
            rig.driver.addStatus(DRIVER);
            assertEquals(ACKNOWLEDGE | DRIVER, rig.port().status());
            rig.driver.negotiate(DriverOptions.split());
            assertEquals(ACKNOWLEDGE | DRIVER | FEATURES_OK, rig.port().status());
            rig.driver.setUpQueues().driverOk();
            assertEquals(ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK, rig.port().status());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {
        0, ACKNOWLEDGE, ACKNOWLEDGE | DRIVER, ACKNOWLEDGE | FAILED, FEATURES_OK, DRIVER_OK, SUSPEND,
        DEVICE_NEEDS_RESET})
    @Normative("COR-8")
    void a_reset_from_every_state_reads_back_zero(int state) {
        try (Rig rig = new Rig()) {
            switch (state) {
                case FEATURES_OK -> rig.driver.reset().negotiate(DriverOptions.split());
                case DRIVER_OK -> rig.start(RingFormat.PACKED);
                case SUSPEND -> rig.start(RingFormat.SPLIT).driver.suspend();
                case DEVICE_NEEDS_RESET -> rig.start(RingFormat.SPLIT).device.context().needsReset("test");
                default -> rig.port().writeStatus(state);
            }

            rig.port().writeStatus(0);

            assertEquals(0, rig.port().status());
            for (int queue = 0; queue < ContractDevice.QUEUES; queue++) {
                assertFalse(rig.port().isQueueEnabled(queue));
                assertFalse(rig.port().isQueueResetting(queue));
            }
            rig.start(RingFormat.SPLIT).exchange(0);
        }
    }

    @Test
    @Normative("COR-8")
    void a_reset_is_done_when_the_last_buffer_came_back() {
        try (Rig rig = new Rig().start(RingFormat.SPLIT)) {
            rig.driver.queue(ContractDevice.SLOW_QUEUE).submit(new byte[1], 1);
            rig.driver.runDevice();

            rig.port().writeStatus(0);
            assertNotEquals(0, rig.port().status());
            rig.device.cancelKept();

            assertEquals(0, rig.port().status());
            rig.driver.reset();
        }
    }

    @Test
    @Normative("COR-3")
    void the_driver_is_told_that_the_device_needs_a_reset() {
        try (Rig rig = new Rig().start(RingFormat.SPLIT)) {
            rig.device.context().needsReset("test: reason=none");

            assertTrue(rig.driver.needsReset());
            assertEquals(1, rig.port().interrupts().total());
            assertTrue(rig.port().takeNotifications().configurationChanged());
            rig.driver.reset();
            assertFalse(rig.driver.needsReset());
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @Normative("COR-20")
    void a_device_is_suspended_and_resumed(RingFormat format) {
        try (Rig rig = new Rig().start(format)) {
            rig.driver.suspend();
            Submitted waiting = rig.driver.queue(0).submit(new byte[] {1}, 1);
            rig.driver.runDevice();
            assertEquals(0, rig.port().interrupts().total());

            rig.driver.resume();

            rig.driver.queue(0).await(waiting);
        }
    }

    // ── Configuration ──────────────────────────────────────────────────────

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4, 8})
    @Normative("COR-10")
    void the_configuration_is_read_in_every_width_before_features_ok(int width) {
        try (Rig rig = new Rig()) {
            rig.driver.reset();
            for (int offset = 0; offset <= ContractDevice.CONFIG_SIZE - width; offset += width) {
                long expected = 0;
                for (int i = width - 1; i >= 0; i--) {
                    expected = expected << 8 | ContractDevice.configByte(offset + i);
                }
                assertEquals(expected, rig.port().readConfig(offset, width));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4, 8})
    void only_writable_bytes_of_the_configuration_change(int width) {
        try (Rig rig = new Rig().start(RingFormat.SPLIT)) {
            for (int offset = 0; offset <= ContractDevice.CONFIG_SIZE - width; offset += width) {
                rig.port().writeConfig(offset, width, 0xA5A5_A5A5_A5A5_A5A5L >>> (64 - 8 * width));
            }

            for (int offset = 0; offset < ContractDevice.CONFIG_SIZE; offset++) {
                boolean writable = offset >= ContractDevice.WRITABLE_FROM
                        && offset < ContractDevice.WRITABLE_FROM + 8;
                long expected = writable ? 0xA5 : ContractDevice.configByte(offset);
                assertEquals(expected, rig.port().readConfig(offset, 1), "offset=" + offset);
            }
        }
    }

    @Test
    void a_changed_configuration_has_another_generation_and_is_told() {
        try (Rig rig = new Rig().start(RingFormat.SPLIT)) {
            for (int change = 1; change <= 300; change++) {
                int before = rig.port().configGeneration();
                byte value = (byte) change;
                rig.device.config.update(segment -> segment.set(ValueLayout.JAVA_BYTE, 0, value));

                assertEquals(value & 0xFF, rig.port().readConfig(0, 1));
                assertNotEquals(before, rig.port().configGeneration());
                assertTrue(rig.port().takeNotifications().configurationChanged());
            }
            assertFalse(rig.port().takeNotifications().configurationChanged());
        }
    }

    @Test
    void a_change_before_driver_ok_is_not_told() {
        try (Rig rig = new Rig()) {
            rig.driver.reset().negotiate(DriverOptions.split());

            rig.device.config.update(segment -> segment.set(ValueLayout.JAVA_BYTE, 0, (byte) 1));

            assertEquals(0, rig.port().interrupts().total());
        }
    }

    // ── Shared memory ──────────────────────────────────────────────────────

    /** Whether the transport's protocol has shared memory regions at all. Most have. */
    protected boolean hasSharedMemory() {
        return true;
    }

    @Test
    void shared_memory_is_found_by_its_id() {
        assumeTrue(hasSharedMemory(), "the protocol has no shared memory regions");
        try (Rig rig = new Rig()) {
            SharedMemory found = rig.port().sharedMemory(ContractDevice.SHARED_ID);

            assertNotNull(found);
            assertEquals(ContractDevice.SHARED_LENGTH, found.length());
            assertNull(rig.port().sharedMemory(0));
            assertNull(rig.port().sharedMemory(255));
        }
    }
}
