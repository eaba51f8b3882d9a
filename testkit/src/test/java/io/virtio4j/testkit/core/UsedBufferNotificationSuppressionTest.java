// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.device.CoreFeature;
import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.core.queue.Runner;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.GuestRam;
import io.virtio4j.testkit.RawQueue.Raw;
import io.virtio4j.testkit.ScriptedDevice;
import io.virtio4j.testkit.SplitDriverQueue;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.TestDriver;
import io.virtio4j.testkit.conformance.HostileCase;
import io.virtio4j.testkit.conformance.HostileCases;
import io.virtio4j.testkit.conformance.Normative;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * [Virtqueues / Used Buffer Notification Suppression], [Packed Virtqueues / Event Suppression Structure
 * Format]
 */
class UsedBufferNotificationSuppressionTest {

    private static final int ENABLE = 0;
    private static final int DISABLE = 1;
    private static final int DESC = 2;

    /** Uses so many chains in one turn; says how many notifications came. */
    private static long use(RawRig rig, int count) {
        long before = rig.driver.port().interrupts().count(0);
        for (int i = 0; i < count; i++) {
            rig.queue.chain(new Raw(rig.readable.address(), 1, 0));
        }
        rig.run();
        return rig.driver.port().interrupts().count(0) - before;
    }

    @Nested
    class SplitWithoutEventIdx {

        private RawRig rig() {
            return new RawRig(new ScriptedDevice(), RingFormat.SPLIT, 8, CoreFeature.EVENT_IDX);
        }

        @Test
        @Normative("SPL-9")
        void notifies_when_flags_is_0() {
            try (RawRig rig = rig()) {
                assertEquals(1, use(rig, 1));
                assertEquals(1, use(rig, 5));
            }
        }

        @Test
        @Normative("SPL-8")
        void stays_quiet_when_flags_is_1() {
            try (RawRig rig = rig()) {
                rig.queue.driverArea().set(0, 2, 1);
                assertEquals(0, use(rig, 3));
                rig.queue.driverArea().set(0, 2, 0);
                assertEquals(1, use(rig, 3));
            }
        }

        @Test
        @Normative("SPL-7")
        @HostileCase("EV-2")
        void ignores_used_event() {
            GuestRam ram = GuestRam.allocate();
            try (RawRig rig = new RawRig(
                    new ScriptedDevice(), ram, RingFormat.SPLIT, 8, CoreFeature.EVENT_IDX)) {
                for (int event = 0; event <= 0xFFFF; event += 257) {
                    rig.queue.driverArea().set(4 + 2 * 8, 2, event);
                    rig.queue.driverArea().set(0, 2, 0);
                    assertEquals(1, use(rig, 2));
                    rig.queue.driverArea().set(0, 2, 1);
                    assertEquals(0, use(rig, 2));
                }
                HostileCases.count("EV-2", 256);
            }
        }
    }

    @Nested
    class SplitWithEventIdx {

        /** The text's own formula: an entry at the index that used_event names was written. */
        @Test
        @Normative({"SPL-11", "SPL-12"})
        @HostileCase("EV-1")
        void notifies_when_the_entry_that_used_event_names_was_written() {
            try (RawRig rig = new RawRig(RingFormat.SPLIT, 8)) {
                int idx = 0;
                int played = 0;
                SplittableRandom random = new SplittableRandom(5);
                for (int event = 0; event <= 0xFFFF; event++, played++) {
                    int count = 1 + random.nextInt(8);
                    int aimed = random.nextBoolean() ? event : idx - 2 + random.nextInt(12) & 0xFFFF;
                    rig.queue.driverArea().set(4 + 2 * 8, 2, aimed);

                    boolean due = false;
                    for (int i = 0; i < count; i++) {
                        due |= (idx + i & 0xFFFF) == aimed;
                    }
                    assertEquals(due ? 1 : 0, use(rig, count),
                            "idx=" + idx + " count=" + count + " used_event=" + aimed);
                    idx = idx + count & 0xFFFF;
                }
                HostileCases.count("EV-1", played);
            }
        }

        @Test
        @Normative("SPL-10")
        void ignores_the_lower_bit_of_flags() {
            try (RawRig rig = new RawRig(RingFormat.SPLIT, 8)) {
                for (int idx = 0; idx < 100; idx++) {
                    rig.queue.driverArea().set(0, 2, idx & 1);
                    rig.queue.driverArea().set(4 + 2 * 8, 2, idx);
                    assertEquals(1, use(rig, 1));
                }
            }
        }

        /** used_event changes all the time; whenever the driver waits, it is woken. */
        @Test
        @Normative("SPL-11")
        @HostileCase("EV-1")
        void no_notification_is_missed_by_a_driver_that_waits() {
            TestDriver driver = TestDriver.attach(new ScriptedDevice(), builder -> builder.runner(
                    Runner.workerPerDevice(Thread.ofPlatform().daemon().factory())));
            try (driver) {
                driver.start();
                SplitDriverQueue queue = (SplitDriverQueue) driver.queue(0);
                SplittableRandom random = new SplittableRandom(6);
                for (int i = 0; i < 3_000; i++) {
                    Submitted submitted = queue.submit(new byte[1], 1);
                    queue.usedEvent(random.nextInt(0x1_0000));
                    queue.enableInterrupts();
                    assertTrue(queue.await(submitted).isUsed());
                }
            }
        }
    }

    @Nested
    class Packed {

        /** All offsets near the ring, both wraps, all flags, against the slots that were written. */
        @ParameterizedTest
        @EnumSource(Suppression.class)
        @HostileCase({"EV-1", "EV-2", "PK-6"})
        void notifies_as_the_driver_s_event_structure_says(Suppression kind) {
            CoreFeature[] without =
                    kind.eventIndex ? new CoreFeature[0] : new CoreFeature[] {CoreFeature.EVENT_IDX};
            int played = 0;
            try (RawRig rig = new RawRig(new ScriptedDevice(), RingFormat.PACKED, 5, without)) {
                int slot = 0;
                boolean wrap = true;
                for (int value = 0; value < 4 * 2 * 8 * 5 * 4; value++, played++) {
                    int flags = value & 3;
                    boolean eventWrap = (value >> 2 & 1) != 0;
                    int offset = new int[] {0, 1, 2, 3, 4, 5, 9, 0x7FFF}[value >> 3 & 7];
                    int count = 1 + (value >> 6) % 5;
                    rig.queue.driverArea().set(0, 2, offset | (eventWrap ? 0x8000 : 0));
                    rig.queue.driverArea().set(2, 2, flags | (value % 3 == 0 ? 0xFFF0 : 0));

                    boolean reached = offset >= 5;
                    for (int i = 0; i < count; i++) {
                        reached |= slot == offset && wrap == eventWrap;
                        slot = (slot + 1) % 5;
                        wrap ^= slot == 0;
                    }
                    boolean due = flags == ENABLE || flags == 3
                            || flags == DESC && (reached || !kind.eventIndex);
                    assertEquals(due ? 1 : 0, use(rig, count), "value=" + value);
                    rig.queue.takeUsed();
                }
            }
            HostileCases.count("EV-1", played);
            HostileCases.count("EV-2", kind.eventIndex ? 0 : played);
            HostileCases.count("PK-6", played);
        }

        @Test
        void stays_quiet_when_the_driver_disables() {
            try (RawRig rig = new RawRig(RingFormat.PACKED, 5)) {
                rig.queue.driverArea().set(2, 2, DISABLE);

                assertEquals(0, use(rig, 4));
            }
        }

        @Test
        void no_notification_is_missed_by_a_driver_that_waits() {
            TestDriver driver = TestDriver.attach(new ScriptedDevice(), builder -> builder.runner(
                    Runner.workerPerDevice(Thread.ofPlatform().daemon().factory())));
            try (driver) {
                driver.start(DriverOptions.packed());
                for (int i = 0; i < 3_000; i++) {
                    driver.queue(0).exchange(new byte[1], 1);
                }
            }
        }
    }

    /** Whether EVENT_IDX was negotiated. */
    enum Suppression {
        WITH_EVENT_IDX(true),
        WITHOUT_EVENT_IDX(false);

        private final boolean eventIndex;

        Suppression(boolean eventIndex) {
            this.eventIndex = eventIndex;
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void used_buffers_are_told_once_a_turn(RingFormat format) {
        try (RawRig rig = new RawRig(new ScriptedDevice(), format, 16, CoreFeature.EVENT_IDX)) {
            assertEquals(1, use(rig, 15));
        }
    }
}
