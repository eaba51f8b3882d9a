// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.mem;

import static io.virtio4j.mem.Dimm.ACK;
import static io.virtio4j.mem.Dimm.BLOCK;
import static io.virtio4j.mem.Dimm.ERROR;
import static io.virtio4j.mem.Dimm.at;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.device.DeviceContext;
import io.virtio4j.core.device.DeviceType;
import io.virtio4j.core.device.QueueSpec;
import io.virtio4j.core.device.VirtioDevice;
import io.virtio4j.core.queue.QueueHandler;
import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.core.queue.VirtQueue;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.DriverQueue;
import io.virtio4j.testkit.GuestRam;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.TestDriver;
import io.virtio4j.testkit.conformance.HostileCase;
import io.virtio4j.testkit.conformance.HostileCases;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Requests and places that no honest driver chooses. */
class HostileMemTest {

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @HostileCase("ME-1")
    void every_range_near_an_end_is_judged_right(RingFormat format) {
        int cases = 0;
        try (Dimm dimm = Dimm.start(DriverOptions.of(format))) {
            for (long base : new long[] {0, at(0), at(Dimm.BLOCKS), -BLOCK, Long.MAX_VALUE - BLOCK + 1}) {
                for (int shift = -2; shift <= 2; shift++) {
                    for (int odd : new int[] {0, 1, BLOCK / 2, BLOCK - 1}) {
                        for (int count : new int[] {0, 1, 2, 63, 64, 65, 0x8000, 0xFFFF}) {
                            judge(dimm, base + shift * (long) BLOCK + odd, count);
                            cases++;
                        }
                    }
                }
            }
            assertEquals(0, dimm.plugged());
        }
        HostileCases.count("ME-1", cases);
    }

    private static void judge(Dimm dimm, long address, int count) {
        long offset = address - Dimm.ADDRESS;
        boolean good = offset >= 0 && offset % BLOCK == 0 && count > 0 && offset / BLOCK + count <= Dimm.BLOCKS;
        String what = "address=0x" + Long.toHexString(address) + " count=" + count;
        assertEquals(good ? ACK : ERROR, dimm.ask(Dimm.STATE, address, count).type(), what);
        assertEquals(good ? ACK : ERROR, dimm.ask(Dimm.PLUG, address, count).type(), what);
        assertEquals(good ? ACK : ERROR, dimm.ask(Dimm.UNPLUG, address, count).type(), what);
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @HostileCase("ME-1")
    void a_request_of_no_known_type_is_an_error(RingFormat format) {
        try (Dimm dimm = Dimm.start(DriverOptions.of(format))) {
            for (int type : new int[] {4, 5, 0x100, 0x7FFF, 0xFFFF}) {
                assertEquals(new Dimm.Answer(ERROR, 0), dimm.ask(type, at(0), 1));
            }
            assertEquals(5, dimm.device.counters().get(MemCounter.ERRORS));
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @HostileCase("ME-3")
    void requests_that_are_cut_off_or_cannot_be_answered_do_nothing(RingFormat format) {
        byte[] plug = Dimm.request(Dimm.PLUG, at(0), 1);
        try (Dimm dimm = Dimm.start(DriverOptions.of(format))) {
            int cases = 0;
            for (int length = 0; length < 18; length++, cases++) {
                assertNothing(dimm.driver.queue(0).exchange(Arrays.copyOf(plug, length), 10));
            }
            for (int room = 0; room < 10; room++, cases++) {
                assertNothing(dimm.driver.queue(0).exchange(plug, room));
            }
            assertEquals(0, dimm.plugged());
            dimm.plug(0, 1);
            HostileCases.count("ME-3", cases);
        }
    }

    private static void assertNothing(Submitted done) {
        assertEquals(0, done.usedLength());
        for (byte untouched : done.writable()) {
            assertEquals(Submitted.UNTOUCHED, untouched);
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @HostileCase("ME-4")
    void buffers_in_an_unplugged_block_are_never_touched(RingFormat format) {
        try (Dimm dimm = Dimm.start(DriverOptions.of(format))) {
            dimm.plug(1, 2);
            dimm.ram.memory().write(at(1), MemorySegment.ofArray(Dimm.request(Dimm.STATE, at(0), 1)));
            dimm.unplug(1, 1);
            assertEquals(0, exchange(dimm, at(1), at(2)).usedLength(), "its request is in a hole");
            dimm.ram.memory().write(at(2), MemorySegment.ofArray(Dimm.request(Dimm.STATE, at(0), 1)));
            assertEquals(0, exchange(dimm, at(2), at(3)).usedLength(), "its response is to go into a hole");
            assertEquals(0, exchange(dimm, at(2), at(3) - 4).usedLength(), "a part of its response");
            assertEquals(10, exchange(dimm, at(2), at(2) + 64).usedLength());
        }
    }

    private static Submitted exchange(Dimm dimm, long request, long response) {
        DriverQueue queue = dimm.driver.queue(0);
        Submitted sent = queue.add(new Submitted.Descriptor(request, 24, false),
                new Submitted.Descriptor(response, 10, true));
        queue.publish();
        queue.kick();
        return queue.await(sent);
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @HostileCase("ME-4")
    void a_response_that_goes_into_the_block_that_its_request_unplugs_is_lost(RingFormat format) {
        try (Dimm dimm = Dimm.start(DriverOptions.of(format))) {
            dimm.plug(1, 1);
            dimm.ram.memory().write(at(1), MemorySegment.ofArray(Dimm.request(Dimm.UNPLUG, at(1), 1)));
            assertEquals(0, exchange(dimm, at(1), at(1) + 64).usedLength());
            assertEquals(0, dimm.plugged());
            assertEquals(Dimm.UNPLUGGED, dimm.state(0, 4));
        }
    }

    /** Of another device, whose driver unplugs the memory under it. */
    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @HostileCase("ME-4")
    void a_ring_in_a_block_that_is_unplugged_is_the_end_of_its_queue_and_of_nothing_else(RingFormat format) {
        try (Dimm dimm = Dimm.start(DriverOptions.split())) {
            GuestRam ram = GuestRam.empty().add(dimm.region);
            dimm.plug(0, 64);
            dimm.device.hideFrom(ram.memory());
            TestDriver victim = TestDriver.attach(new Echo(), ram, builder -> {}).start(DriverOptions.of(format));
            victim.queue(0).exchange(new byte[] {1, 2, 3}, 3);
            dimm.ask(Dimm.UNPLUG_ALL, 0, 0);
            victim.port().notifyQueue(0);
            victim.runDevice();
            assertTrue(victim.needsReset());
            assertEquals(Dimm.UNPLUGGED, dimm.state(0, 64));
        }
    }

    private static final class Echo implements VirtioDevice {

        @Override
        public DeviceType type() {
            return new DeviceType(63, "echo");
        }

        @Override
        public List<QueueSpec> queues() {
            return List.of(QueueSpec.named("requestq"));
        }

        @Override
        public QueueHandler startQueue(VirtQueue queue, DeviceContext context) {
            return chain -> {
                byte[] bytes = new byte[3];
                chain.reader().read(bytes);
                chain.writer().write(bytes);
                chain.complete();
            };
        }
    }
}
