// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit.core;

import static io.virtio4j.testkit.core.RawRig.INDIRECT;
import static io.virtio4j.testkit.core.RawRig.NEXT;
import static io.virtio4j.testkit.core.RawRig.WRITE;
import static io.virtio4j.testkit.core.RawRig.in;
import static io.virtio4j.testkit.core.RawRig.out;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.DriverQueue;
import io.virtio4j.testkit.GuestBuffer;
import io.virtio4j.testkit.RawQueue;
import io.virtio4j.testkit.RawQueue.Raw;
import io.virtio4j.testkit.RawQueue.Used;
import io.virtio4j.testkit.ScriptedDevice;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.TestDriver;
import io.virtio4j.testkit.conformance.HostileCase;
import io.virtio4j.testkit.conformance.HostileCases;
import io.virtio4j.testkit.conformance.Normative;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** [Packed Virtqueues], and hostile cases of packed rings. */
class PackedVirtqueuesTest {

    private static final int AVAIL = RawQueue.AVAIL;
    private static final int USED = RawQueue.USED;

    private static RawRig packed(int size) {
        return new RawRig(RingFormat.PACKED, size);
    }

    @Test
    @Normative("PKD-1")
    void chains_are_begun_in_ring_order() {
        List<Integer> begun = new ArrayList<>();
        ScriptedDevice device = new ScriptedDevice();
        device.handler(chain -> {
            begun.add(chain.reader().readU8());
            chain.complete(0);
        });
        try (RawRig rig = new RawRig(device, RingFormat.PACKED, 5)) {
            for (int i = 0; i < 20; i++) {
                for (int j = 0; j < 5; j++) {
                    rig.queue.chain(new Raw(rig.readable.address() + (5 * i + j) % 48, 1, 0));
                }
                rig.run();
                rig.queue.takeUsed();
            }
            for (int i = 0; i < 100; i++) {
                assertEquals(i % 48, begun.get(i));
            }
        }
    }

    @Test
    @Normative({"PKD-2", "PKD-3"})
    void chains_are_used_in_the_order_in_which_they_complete() {
        ParkingDevice device = new ParkingDevice();
        try (RawRig rig = new RawRig(device, RingFormat.PACKED, 8)) {
            int[] ids = new int[4];
            for (int i = 0; i < 4; i++) {
                ids[i] = rig.queue.chain(in(rig.readable, i, 1), out(rig.writable, i, 1));
            }
            rig.run();

            device.finish(2);
            device.finish(0);
            device.finish(1);
            device.finish(0);
            rig.driver.runDevice();

            List<Integer> order = rig.queue.takeUsed().stream().map(Used::id).toList();
            assertEquals(List.of(ids[2], ids[0], ids[3], ids[1]), order);
        }
    }

    /** AVAIL and USED in all combinations, with both wrap counters, and every other flag. */
    @Test
    @Normative("PKD-5")
    @HostileCase("PK-2")
    void a_descriptor_is_available_with_avail_as_the_wrap_counter_and_used_as_its_opposite() {
        int played = 0;
        for (boolean wrap : new boolean[] {true, false}) {
            for (int bits = 0; bits < 4; bits++) {
                for (int other = 0; other < 2; other++, played++) {
                    try (RawRig rig = packed(4)) {
                        for (int i = 0; i < 4 && !wrap; i++) {
                            rig.use(new Raw(rig.readable.address(), 1, 0));
                        }
                        int flags = ((bits & 1) != 0 ? AVAIL : 0) | ((bits & 2) != 0 ? USED : 0)
                                | (other != 0 ? 0x7F78 & ~AVAIL : 0);
                        long before = rig.counters().chains();
                        rig.queue.descriptor(0, new Raw(rig.readable.address(), 1, flags), 3);

                        rig.run();

                        boolean available = (flags & AVAIL) != 0 == wrap && (flags & USED) != 0 != wrap;
                        assertEquals(available ? 1 : 0, rig.counters().chains() - before,
                                "wrap=" + wrap + " flags=" + Integer.toHexString(flags));
                        assertFalse(rig.driver.needsReset());
                    }
                }
            }
        }
        HostileCases.count("PK-2", played);
    }

    @Test
    @Normative("PKD-6")
    void a_used_descriptor_is_left_alone() {
        try (RawRig rig = packed(8)) {
            rig.use(in(rig.readable, 0, 8), out(rig.writable, 0, 8));
            GuestBuffer ring = rig.queue.descriptors();
            for (int slot = 0; slot < 2; slot++) {
                ring.set(16L * slot, 8, 0x1111_1111_1111_1111L * (slot + 1));
                ring.set(16L * slot + 8, 4, 0x2222_2222);
            }
            byte[] before = ring.bytes(0, 32);

            for (int i = 0; i < 3; i++) {
                rig.use(in(rig.readable, 0, 8), out(rig.writable, 0, 8));
            }

            assertArrayEquals(before, ring.bytes(0, 32));
        }
    }

    /** The used descriptor stands in the first slot; the chain's others are not written. */
    @Test
    @Normative({"PKD-6", "PKD-7"})
    void only_the_first_descriptor_of_a_chain_is_written() {
        try (RawRig rig = packed(8)) {
            rig.queue.chain(in(rig.readable, 0, 20), in(rig.readable, 20, 28),
                    out(rig.writable, 0, 48));
            byte[] rest = rig.queue.descriptors().bytes(16, 112);

            rig.run();

            assertArrayEquals(rest, rig.queue.descriptors().bytes(16, 112));
            assertEquals(48, rig.takeOne(0).length());
        }
    }

    @Test
    @Normative("PKD-7")
    void the_bytes_of_a_chain_come_in_ring_order() {
        try (RawRig rig = packed(64)) {
            Raw[] raws = new Raw[49];
            for (int i = 0; i < 48; i++) {
                raws[i] = in(rig.readable, i, 1);
            }
            raws[48] = out(rig.writable, 0, 48);

            for (int i = 0; i < 5; i++) {
                rig.assertServed(raws); // at another place of the ring each time
            }
        }
    }

    @Test
    @HostileCase("PK-1")
    void indirect_and_next_together_need_a_reset_and_the_device_rests() {
        for (int flags : new int[] {INDIRECT | NEXT, INDIRECT | NEXT | WRITE}) {
            try (RawRig rig = packed(8)) {
                rig.queue.chain(new Raw(rig.readable.address(), 32, flags), out(rig.writable, 0, 8));

                rig.assertNeedsReset();

                assertEquals(0, rig.driver.runDevice());
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 8, 255})
    @HostileCase("PK-4")
    void a_chain_that_does_not_end_inside_of_the_ring_needs_a_reset(int size) {
        try (RawRig rig = packed(size)) {
            for (int slot = 0; slot < size; slot++) {
                rig.queue.descriptor(slot, new Raw(rig.readable.address(), 1, NEXT | AVAIL), 0);
            }

            rig.assertNeedsReset();
        }
    }

    @Test
    @HostileCase("PK-4")
    void a_chain_that_runs_into_chains_in_work_needs_a_reset() {
        ParkingDevice device = new ParkingDevice();
        try (RawRig rig = new RawRig(device, RingFormat.PACKED, 4)) {
            rig.queue.chain(new Raw(rig.readable.address(), 1, 0));
            rig.run();
            for (int slot = 1; slot < 4; slot++) {
                rig.queue.descriptor(slot, new Raw(rig.readable.address(), 1, NEXT | AVAIL), 0);
            }
            rig.run();
            assertTrue(rig.driver.needsReset());
            device.cancelAll();
            device.handler = ScriptedDevice::echo;
            rig.driver.start().queue(0).exchange(new byte[1], 0);
        }
    }

    /** Whatever else stands in a chain's later descriptors, the first one's flags publish it. */
    @Test
    @HostileCase("PK-3")
    void availability_flags_inside_of_a_chain_mean_nothing() {
        int played = 0;
        try (RawRig rig = packed(6)) {
            for (int bits = 0; bits < 16; bits++) {
                for (int turn = 0; turn < 6; turn++, played++) {
                    int second = ((bits & 1) != 0 ? AVAIL : 0) | ((bits & 2) != 0 ? USED : 0);
                    int third = ((bits & 4) != 0 ? AVAIL : 0) | ((bits & 8) != 0 ? USED : 0);
                    int first = rig.queue.nextSlot();
                    int id = rig.queue.chain(in(rig.readable, 0, 20), in(rig.readable, 20, 28),
                            out(rig.writable, 0, 48));
                    // Not run yet: the device sees what stands there now.
                    int middle = (first + 1) % 6;
                    int last = (first + 2) % 6;
                    int middleFlags = rig.queue.flags(middle);
                    int lastFlags = rig.queue.flags(last);
                    rig.queue.flags(middle, middleFlags & ~(AVAIL | USED) | second);
                    rig.queue.flags(last, lastFlags & ~(AVAIL | USED) | third);
                    rig.run();
                    rig.queue.flags(middle, middleFlags);
                    rig.queue.flags(last, lastFlags);
                    assertEquals(48, rig.takeOne(id).length());
                    rig.use(new Raw(rig.readable.address(), 1, 0)); // moves on by one slot
                    rig.writable.fill(0x33);
                }
            }
        }
        HostileCases.count("PK-3", played);
    }

    @Test
    @HostileCase("PK-5")
    void every_buffer_id_is_echoed() {
        try (RawRig rig = packed(4)) {
            GuestBuffer ring = rig.queue.descriptors();
            int slot = 0;
            boolean wrap = true;
            for (int id = 0; id <= 0xFFFF; id++) {
                int flags = wrap ? AVAIL : USED;
                rig.queue.descriptor(slot, new Raw(rig.readable.address(), 4, flags), id);
                rig.run();
                assertEquals(id, ring.get(16L * slot + 12, 2));
                assertEquals(wrap ? AVAIL | USED : 0, rig.queue.flags(slot));
                slot = (slot + 1) % 4;
                wrap ^= slot == 0;
            }
            HostileCases.count("PK-5", 0x1_0000);
        }
    }

    @Test
    @HostileCase("PK-5")
    void one_buffer_id_may_be_in_work_several_times() {
        ParkingDevice device = new ParkingDevice();
        try (RawRig rig = new RawRig(device, RingFormat.PACKED, 4)) {
            for (int slot = 0; slot < 4; slot++) {
                rig.queue.descriptor(slot, new Raw(rig.readable.address(), 4, AVAIL), 0xBEEF);
            }
            rig.run();
            assertEquals(4, device.parked.size());

            device.finishAll();
            rig.driver.runDevice();

            for (int slot = 0; slot < 4; slot++) {
                assertEquals(0xBEEF, rig.queue.descriptors().get(16L * slot + 12, 2));
                assertEquals(AVAIL | USED, rig.queue.flags(slot));
            }
            assertFalse(rig.driver.needsReset());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 5, 100, 32767, 32768})
    @HostileCase("PK-7")
    void every_queue_size_works(int size) {
        ScriptedDevice device = new ScriptedDevice().queues(1, 32768);
        try (TestDriver driver = TestDriver.attach(device)) {
            driver.reset().negotiate(DriverOptions.packed());
            DriverQueue queue = driver.setUpQueue(0, size);
            driver.driverOk();
            GuestBuffer to = driver.ram().allocate(4);
            SplittableRandom random = new SplittableRandom(size);
            for (int i = 0; i < (size > 1000 ? 8 : 200); i++) {
                int batch = 1 + random.nextInt(size);
                List<Submitted> all = new ArrayList<>();
                for (int j = 0; j < batch; j++) {
                    all.add(queue.add(new Submitted.Descriptor(to.address(), 4, true)));
                }
                queue.publish();
                queue.kick();
                driver.runDevice();
                queue.collect();
                all.forEach(done -> assertEquals(0, done.usedLength()));
            }
        }
    }

    /** The driver shows the first descriptor and goes on writing the rest: the device takes what it finds. */
    @Test
    @HostileCase("PK-8")
    void a_chain_that_is_published_too_early_is_judged_by_what_stands_there() {
        try (RawRig rig = packed(8)) {
            for (int i = 0; i < 50; i++) {
                int slot = rig.queue.nextSlot();
                int stale = (slot + 1) % 8;
                rig.queue.descriptor(stale, new Raw(rig.writable.address(), 48, WRITE), slot);
                int id = rig.queue.chain(in(rig.readable, 0, 48), out(rig.writable, 0, 48));
                assertEquals(slot, id);
                rig.run();
                assertEquals(48, rig.takeOne(id).length());
            }
            rig.writable.fill(0x33);
        }
    }

    @Test
    @HostileCase("PK-8")
    void a_thread_that_writes_the_rest_too_late_does_no_harm() throws Exception {
        ScriptedDevice device = new ScriptedDevice();
        try (RawRig rig = new RawRig(device, RingFormat.PACKED, 4)) {
            boolean[] ended = {false};
            Thread writer = Thread.ofPlatform().start(() -> {
                SplittableRandom random = new SplittableRandom(4);
                while (!Thread.currentThread().isInterrupted()) {
                    int slot = random.nextInt(4);
                    rig.queue.descriptor(slot, new Raw(rig.writable.address() + random.nextInt(40),
                            random.nextInt(9), random.nextInt(0x1_0000)), random.nextInt(8));
                }
                ended[0] = true;
            });
            for (int i = 0; i < 2_000; i++) {
                rig.run();
                if (rig.driver.needsReset()) {
                    rig.driver.port().resetQueue(0);
                    rig.queue.enable();
                }
            }
            writer.interrupt();
            writer.join();
            assertTrue(ended[0]);
            rig.driver.ram().check();
            rig.driver.start(DriverOptions.packed()).queue(0).exchange(new byte[4], 4);
        }
    }
}
