// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit.core;

import static io.virtio4j.testkit.core.RawRig.WRITE;
import static io.virtio4j.testkit.core.RawRig.in;
import static io.virtio4j.testkit.core.RawRig.out;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.DriverQueue;
import io.virtio4j.testkit.GuestBuffer;
import io.virtio4j.testkit.GuestRam;
import io.virtio4j.testkit.RawQueue;
import io.virtio4j.testkit.RawQueue.Raw;
import io.virtio4j.testkit.ScriptedDevice;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.TestDriver;
import io.virtio4j.testkit.conformance.HostileCase;
import io.virtio4j.testkit.conformance.HostileCases;
import io.virtio4j.testkit.conformance.Normative;
import java.util.ArrayDeque;
import java.util.Deque;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Hostile cases of split ring layout and indices. */
class SplitRingHostileTest {

    private static RawRig split(int size) {
        return new RawRig(RingFormat.SPLIT, size);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 4, 256})
    @Normative("COR-2")
    @HostileCase("RL-1")
    void every_jump_of_the_available_idx_needs_a_reset(int size) {
        try (RawRig rig = split(size)) {
            int step = size == 4 ? 1 : 997;
            int played = 0;
            for (int idx = size + 1; idx <= 0xFFFF; idx += step) {
                rig.queue.availableIndex(idx);
                rig.run();
                assertEquals(++played, rig.counters().ringFaults(), "idx=" + idx);
                rig.driver.port().resetQueue(0);
                rig.queue.enable();
            }
            assertTrue(rig.driver.needsReset());
            assertEquals(0, rig.counters().chains());
            rig.driver.start().queue(0).exchange(new byte[1], 0);
            HostileCases.count("RL-1", played);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 7, 8})
    @HostileCase("RL-2")
    void an_available_idx_that_goes_back_needs_a_reset(int back) {
        try (RawRig rig = split(8)) {
            for (int i = 0; i < 8; i++) {
                rig.assertAlive();
            }
            rig.queue.availableIndex(rig.queue.availableIndex() - back);

            rig.assertNeedsReset();
        }
    }

    /** The driver adds a chain for each that is used, at once: without a limit there is no end. */
    @Test
    @HostileCase("RL-3")
    void a_turn_ends_after_a_queue_size_of_chains() {
        ScriptedDevice device = new ScriptedDevice().queues(2, 16);
        try (TestDriver driver = TestDriver.attach(device)) {
            driver.reset().negotiate(DriverOptions.split());
            driver.setUpQueue(1);
            GuestBuffer buffer = driver.ram().allocate(8);
            RawQueue endless = RawQueue.enable(driver, 0, 8);
            driver.driverOk();
            driver.runDevice();
            int[] served = {0};
            device.replace(0, chain -> {
                chain.complete(0);
                device.queue(0).publish();
                endless.takeUsed();
                if (++served[0] < 1_000) {
                    endless.chain(out(buffer, 0, 8));
                }
            });
            endless.chain(out(buffer, 0, 8));
            endless.kick();
            Submitted good = driver.queue(1).submit(new byte[1], 1);

            driver.instance().poll(2);

            assertEquals(8, served[0]);
            driver.queue(1).collect();
            assertTrue(good.isUsed());
            driver.runDevice();
            assertEquals(1_000, served[0]);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {4, 5, 8, 255, 256, 0x7FFF, 0x8000, 0xFFFF})
    @HostileCase("RL-4")
    void a_head_beyond_the_table_needs_a_reset(int head) {
        try (RawRig rig = split(4)) {
            rig.queue.available(head);

            rig.assertNeedsReset();
        }
    }

    @Test
    @HostileCase("RL-5")
    void a_head_that_is_available_twice_needs_a_reset_and_its_first_request_ends() {
        ParkingDevice device = new ParkingDevice();
        try (RawRig rig = new RawRig(device, RingFormat.SPLIT, 8)) {
            int head = rig.queue.chain(in(rig.readable, 0, 8), out(rig.writable, 0, 8));
            rig.run();
            assertEquals(1, device.parked.size());

            rig.queue.available(head);
            rig.run();
            assertTrue(rig.driver.needsReset());
            assertEquals(1, device.parked.size());

            device.finish(0);
            rig.driver.runDevice();
            assertTrue(rig.queue.takeUsed().isEmpty());
            assertArrayEquals(rig.readable.bytes(0, 8), rig.writable.bytes(0, 8));
            device.handler = ScriptedDevice::echo;
            rig.driver.start().queue(0).exchange(new byte[1], 1);
        }
    }

    @Test
    @HostileCase("RL-5")
    void a_head_that_is_available_twice_in_one_turn_needs_a_reset() {
        ParkingDevice device = new ParkingDevice();
        try (RawRig rig = new RawRig(device, RingFormat.SPLIT, 8)) {
            int head = rig.queue.place(in(rig.readable, 0, 8), out(rig.writable, 0, 8));
            rig.queue.available(head);
            rig.queue.available(head);

            rig.run();

            assertTrue(rig.driver.needsReset());
            assertEquals(1, device.parked.size());
            device.cancelAll();
            device.handler = ScriptedDevice::echo;
            rig.driver.start().queue(0).exchange(new byte[1], 1);
        }
    }

    @Test
    @HostileCase("RL-6")
    void indices_wrap_at_every_size_up_to_32768() {
        ScriptedDevice device = new ScriptedDevice().queues(1, 32768);
        device.handler(chain -> {
            int value = (int) chain.reader().readLe32();
            chain.writer().writeLe32(value);
            chain.complete();
        });
        GuestRam ram = GuestRam.allocate();
        try (TestDriver driver = TestDriver.attach(device, ram, builder -> { })) {
            driver.reset().negotiate(DriverOptions.split());
            DriverQueue queue = driver.setUpQueue(0, 32768);
            driver.driverOk();
            GuestBuffer from = ram.allocate(4);
            GuestBuffer to = ram.allocate(4);
            Deque<Submitted> inFlight = new ArrayDeque<>();
            for (int i = 0; i < 140_000; i++) {
                inFlight.add(queue.add(new Submitted.Descriptor(from.address(), 4, false),
                        new Submitted.Descriptor(to.address(), 4, true)));
                queue.publish();
                if (inFlight.size() == 5_000 || i == 139_999) {
                    queue.kick();
                    driver.runDevice();
                    queue.collect();
                    inFlight.forEach(done -> assertEquals(4, done.usedLength()));
                    inFlight.clear();
                }
            }
            assertEquals(140_000, driver.instance().counters(0).chains());
        }
    }

    /** Nine overlaps: each of the three areas with each area, or with a writable buffer. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6, 7, 8})
    @HostileCase("RL-7")
    void overlapping_areas_do_no_harm_to_anything_else(int overlap) {
        try (RawRig rig = split(4)) {
            RawQueue queue = rig.queue;
            GuestBuffer[] areas = {queue.descriptors(), queue.driverArea(), queue.deviceArea()};
            if (overlap < 6) {
                GuestBuffer both = rig.allocate(128);
                long[] at = {areas[0].address(), areas[1].address(), areas[2].address()};
                at[overlap / 2] = both.address();
                at[(overlap / 2 + 1 + overlap % 2) % 3] = both.address() + 16L * (overlap % 2);
                rig.driver.port().resetQueue(0);
                rig.driver.port().queueSize(0, 4);
                rig.driver.port().queueAddresses(0, at[0], at[1], at[2]);
                rig.driver.port().enableQueue(0);
            } else {
                GuestBuffer target = areas[overlap - 6];
                queue.chain(in(rig.readable, 0, 40),
                        new Raw(target.address(), target.length(), WRITE));
            }
            for (int i = 0; i < 8; i++) {
                rig.run();
                queue.chain(in(rig.readable, 0, 8), out(rig.writable, 0, 8));
            }
            rig.run();

            rig.driver.ram().check();
            rig.driver.start().queue(0).exchange(new byte[8], 8);
        }
    }
}
