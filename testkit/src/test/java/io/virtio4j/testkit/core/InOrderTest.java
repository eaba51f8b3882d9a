// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit.core;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.device.CoreFeature;
import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.DriverQueue;
import io.virtio4j.testkit.RawQueue;
import io.virtio4j.testkit.RawQueue.Raw;
import io.virtio4j.testkit.ScriptedDevice;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.TestDriver;
import io.virtio4j.testkit.conformance.HostileCase;
import io.virtio4j.testkit.conformance.Normative;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** [Reserved Feature Bits], IN_ORDER; [Virtqueues / In-order use of descriptors] */
class InOrderTest {

    private static TestDriver start(ScriptedDevice device, RingFormat format) {
        return TestDriver.attach(device, builder -> builder.offer(CoreFeature.IN_ORDER))
                .start(DriverOptions.of(format));
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @Normative("COR-26")
    void buffers_are_used_in_the_order_in_which_they_were_available(RingFormat format) {
        ParkingDevice device = new ParkingDevice();
        try (TestDriver driver = start(device, format)) {
            DriverQueue queue = driver.queue(0);
            List<Submitted> all = submit(queue, 4);
            driver.runDevice();

            device.finish(3);
            device.finish(1);
            driver.runDevice();
            queue.collect();
            assertTrue(all.stream().noneMatch(Submitted::isUsed));

            device.finish(0);
            driver.runDevice();
            queue.collect();
            assertTrue(all.get(0).isUsed() && all.get(1).isUsed());
            assertFalse(all.get(2).isUsed() || all.get(3).isUsed());

            device.finish(0);
            queue.awaitAll();
            all.forEach(echo -> assertArrayEquals(echo.readable(), echo.written()));
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @Normative("COR-26")
    void chains_that_are_completed_by_another_thread_are_used_once_each(RingFormat format) {
        ParkingDevice device = new ParkingDevice();
        Random random = new Random(3);
        try (TestDriver driver = start(device, format)) {
            DriverQueue queue = driver.queue(0);
            for (int round = 0; round < 60; round++) {
                List<Submitted> all = submit(queue, 1 + random.nextInt(20));
                driver.runDevice();
                List<Integer> places = new ArrayList<>();
                for (int i = 0; i < all.size(); i++) {
                    places.add(i);
                }
                Collections.shuffle(places, random);
                var chains = List.copyOf(device.parked);
                device.parked.clear();

                Thread io = Thread.ofPlatform().start(
                        () -> places.forEach(place -> ScriptedDevice.echo(chains.get(place))));
                while (io.isAlive()) {
                    driver.runDevice(); // collects while the others are still being completed
                }

                queue.awaitAll();
                all.forEach(echo -> assertArrayEquals(echo.readable(), echo.written()));
            }
            assertEquals(0, driver.instance().counters(0).deviceFaults());
        }
    }

    private static List<Submitted> submit(DriverQueue queue, int count) {
        return submit(queue, count, 2);
    }

    private static List<Submitted> submit(DriverQueue queue, int count, int writable) {
        List<Submitted> all = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            all.add(queue.submit(new byte[] {(byte) i, 42}, writable));
        }
        return all;
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void a_batch_has_one_used_entry(RingFormat format) {
        try (TestDriver driver = start(new ScriptedDevice(), format)) {
            DriverQueue queue = driver.queue(0);
            List<Submitted> all = submit(queue, 5, 0);

            queue.awaitAll();

            assertTrue(all.subList(0, 4).stream().allMatch(Submitted::wasSkipped));
            assertFalse(all.get(4).wasSkipped());
        }
    }

    /** A driver may take a skipped buffer as completely written; DPDK's looks for the length of each. */
    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void a_buffer_that_can_be_written_has_a_used_entry_of_its_own(RingFormat format) {
        try (TestDriver driver = start(new ScriptedDevice(), format)) {
            DriverQueue queue = driver.queue(0);
            Submitted skipped = queue.submit(new byte[2], 0);
            Submitted none = queue.submit(new byte[2], 0);
            Submitted full = queue.submit(new byte[2], 2);
            Submitted part = queue.submit(new byte[2], 7);
            Submitted last = queue.submit(new byte[2], 0);

            queue.awaitAll();

            assertTrue(skipped.wasSkipped());
            assertFalse(none.wasSkipped());
            assertFalse(full.wasSkipped());
            assertEquals(2, full.usedLength());
            assertFalse(part.wasSkipped());
            assertEquals(2, part.usedLength());
            assertFalse(last.wasSkipped());
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void a_chain_that_is_put_back_keeps_its_place(RingFormat format) {
        boolean[] room = {true};
        ScriptedDevice device = new ScriptedDevice();
        device.handler(chain -> {
            if (room[0]) {
                ScriptedDevice.echo(chain);
            } else {
                chain.putBack();
            }
            room[0] = !room[0];
        });
        try (TestDriver driver = start(device, format)) {
            DriverQueue queue = driver.queue(0);
            List<Submitted> all = submit(queue, 3);
            driver.runDevice();
            queue.collect();
            assertTrue(all.get(0).isUsed());
            assertFalse(all.get(1).isUsed());

            while (!all.get(2).isUsed()) {
                device.queue().wake();
                driver.runDevice();
                queue.collect();
            }

            all.forEach(echo -> assertArrayEquals(echo.readable(), echo.written()));
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @Normative("COR-26")
    void a_chain_that_cannot_be_served_waits_for_its_turn_too(RingFormat format) {
        ParkingDevice device = new ParkingDevice();
        try (TestDriver driver = start(device, format)) {
            DriverQueue queue = driver.queue(0);
            Submitted good = queue.submit(new byte[] {1}, 1);
            Submitted bad = queue.add(
                    new Submitted.Descriptor(0, 1, true), new Submitted.Descriptor(0, 1, false));
            queue.publish();
            queue.kick();
            driver.runDevice();
            queue.collect();
            assertFalse(bad.isUsed());

            device.finish(0);
            queue.awaitAll();

            assertArrayEquals(new byte[] {1}, good.written());
            assertEquals(0, bad.usedLength());
        }
    }

    /** A driver adds to a full ring: a run that has no used descriptor yet still takes its slots. */
    @Test
    @HostileCase("PK-4")
    void a_run_without_used_descriptor_does_not_grow_longer_than_the_ring() {
        ScriptedDevice device = new ScriptedDevice();
        try (TestDriver driver =
                TestDriver.attach(device, builder -> builder.offer(CoreFeature.IN_ORDER))) {
            driver.reset().negotiate(DriverOptions.packed());
            RawQueue queue = RawQueue.enable(driver, 0, 2);
            driver.driverOk();
            long address = driver.ram().allocate(2).address();
            Raw[] chain = {
                new Raw(address, 1, RawQueue.NEXT),
                new Raw(address + 1, 1, 0)
            };
            device.handler(taken -> {
                queue.chain(chain);
                taken.complete();
            });

            queue.chain(chain);
            queue.kick();
            driver.runDevice();

            assertTrue(driver.needsReset());
            assertEquals(1, driver.instance().counters(0).ringFaults());
            driver.errors().check();
            driver.start(); // and all is well
        }
    }
}
