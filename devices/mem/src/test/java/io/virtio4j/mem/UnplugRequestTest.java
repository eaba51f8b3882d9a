// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.mem;

import static io.virtio4j.mem.Dimm.ACK;
import static io.virtio4j.mem.Dimm.BLOCK;
import static io.virtio4j.mem.Dimm.ERROR;
import static io.virtio4j.mem.Dimm.UNPLUG;
import static io.virtio4j.mem.Dimm.UNPLUG_ALL;
import static io.virtio4j.mem.Dimm.at;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.memory.GuestMemory;
import io.virtio4j.core.memory.MemoryMap;
import io.virtio4j.core.memory.PageRelease;
import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.conformance.HostileCase;
import io.virtio4j.testkit.conformance.Normative;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** [Memory Device / Device Operation / UNPLUG request] and [/ UNPLUG ALL request] */
class UnplugRequestTest {

    private static final PageRelease ZEROING = (memory, offset, length) -> {
        memory.asSlice(offset, length).fill((byte) 0);
        return true;
    };

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @Normative({"MEM-17", "MEM-18", "MEM-31", "MEM-32", "MEM-36", "MEM-37"})
    void unplugged_blocks_are_out_of_reach_and_given_back(RingFormat format) {
        try (Dimm dimm = Dimm.start(DriverOptions.of(format), builder -> builder.release(ZEROING))) {
            dimm.plug(0, 8);
            dimm.region.segment().fill((byte) 1);
            dimm.unplug(2, 3);
            assertEquals(5 * BLOCK, dimm.plugged());
            for (int block = 0; block < 8; block++) {
                boolean left = block < 2 || block > 4;
                assertEquals(left, dimm.isReachable(block), "block " + block);
                assertEquals(left ? 1 : 0, dimm.region.segment().get(JAVA_BYTE, block * BLOCK + 99));
            }
            assertEquals(3 * BLOCK, dimm.device.counters().get(MemCounter.RELEASED));
            assertEquals(3, dimm.device.counters().get(MemCounter.UNPLUGGED));
        }
    }

    @Test
    @Normative({"MEM-33", "MEM-34"})
    @HostileCase({"ME-1", "ME-2"})
    void what_is_not_plugged_cannot_be_unplugged() {
        try (Dimm dimm = Dimm.start(DriverOptions.split())) {
            dimm.plug(4, 4);
            assertEquals(ERROR, dimm.ask(UNPLUG, at(4) + 1, 1).type());
            assertEquals(ERROR, dimm.answer(UNPLUG, 4, 0));
            assertEquals(ERROR, dimm.answer(UNPLUG, 3, 2));
            assertEquals(ERROR, dimm.answer(UNPLUG, 7, 2));
            assertEquals(4 * BLOCK, dimm.plugged());
            assertTrue(dimm.isReachable(4));
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @Normative({"MEM-38", "MEM-39", "MEM-41", "MEM-42", "MEM-8", "MEM-43"})
    @HostileCase("ME-5")
    void everything_is_unplugged_at_once_as_often_as_the_driver_likes(RingFormat format) {
        try (Dimm dimm = Dimm.start(DriverOptions.of(format), builder -> builder.release(ZEROING))) {
            dimm.plug(0, 2);
            dimm.plug(60, 4);
            for (int i = 0; i < 300; i++) {
                assertEquals(new Dimm.Answer(ACK, 0), dimm.ask(UNPLUG_ALL, -1, 0xFFFF));
                assertEquals(0, dimm.plugged());
            }
            assertEquals(6 * BLOCK, dimm.device.counters().get(MemCounter.RELEASED));
            assertEquals(Dimm.UNPLUGGED, dimm.state(0, 64));
            // Nothing behind the type is looked at.
            Submitted alone = dimm.driver.queue(0).exchange(new byte[] {UNPLUG_ALL, 0}, Dimm.RESPONSE);
            assertEquals(new Dimm.Answer(ACK, 0), Dimm.Answer.of(alone.written()));
        }
    }

    @Test
    @Normative("MEM-43")
    void the_usable_region_shrinks_with_it_to_what_is_wanted() {
        long gib = 1L << 30;
        try (Dimm dimm = Dimm.start(DriverOptions.split(), builder ->
                MemDevice.of(4 * gib, 2 * gib).requestedSize(gib))) {
            dimm.device.requestSize(0);
            int generation = dimm.device.configSpace().generation();
            assertEquals(gib + (256 << 20), dimm.config(MemConfig.USABLE_REGION_SIZE));
            dimm.ask(UNPLUG_ALL, 0, 0);
            assertEquals(256 << 20, dimm.config(MemConfig.USABLE_REGION_SIZE));
            assertEquals(generation, dimm.device.configSpace().generation());
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @HostileCase("ME-4")
    void nothing_is_given_back_while_somebody_uses_it(RingFormat format) {
        try (Dimm dimm = Dimm.start(DriverOptions.of(format), builder -> builder.release(ZEROING))) {
            dimm.plug(0, 1);
            dimm.region.segment().fill((byte) 1);
            MemoryMap used = dimm.ram.memory().pin();
            Submitted unplug = dimm.driver.queue(0).submit(Dimm.request(UNPLUG, at(0), 1), 10);
            dimm.driver.runDevice();
            dimm.driver.queue(0).collect();
            assertFalse(unplug.isUsed());
            assertFalse(dimm.isReachable(0), "nobody begins to use it");
            assertEquals(1, dimm.region.segment().get(JAVA_BYTE, 0));
            used.unpin();
            dimm.driver.queue(0).await(unplug);
            assertEquals(0, dimm.region.segment().get(JAVA_BYTE, 0));
        }
    }

    @Test
    void a_queue_s_reset_takes_a_request_back_that_waits() {
        try (Dimm dimm = Dimm.start(DriverOptions.split(), builder -> builder.release(ZEROING))) {
            dimm.plug(0, 2);
            MemoryMap used = dimm.ram.memory().pin();
            dimm.driver.queue(0).submit(Dimm.request(UNPLUG, at(0), 1), 10);
            dimm.driver.runDevice();
            dimm.driver.reset();
            assertTrue(dimm.isReachable(0));
            used.unpin();
            dimm.driver.start(DriverOptions.split());
            assertEquals(Dimm.PLUGGED, dimm.state(0, 2));
            assertEquals(2 * BLOCK, dimm.plugged());
        }
    }

    @Test
    void memory_of_other_devices_hides_and_shows_the_same_blocks() {
        try (Dimm dimm = Dimm.start(DriverOptions.split())) {
            dimm.plug(0, 1);
            GuestMemory other = GuestMemory.of(dimm.region);
            dimm.device.hideFrom(other);
            assertEquals(1, other.current().regions().size());
            assertEquals(BLOCK, other.current().regions().getFirst().length());
            dimm.plug(2, 1);
            assertEquals(2, other.current().regions().size());
            dimm.unplug(0, 1);
            assertEquals(at(2), other.current().regions().getFirst().guestAddress());
        }
    }

    @Test
    void memory_that_cannot_be_given_back_is_counted_and_unplugged_all_the_same() {
        try (Dimm dimm = Dimm.start(DriverOptions.split(), builder -> builder.release((memory, offset, length) -> {
            throw new IOException("not today");
        }))) {
            dimm.plug(0, 2);
            dimm.unplug(0, 1);
            dimm.unplug(1, 1);
            assertEquals(0, dimm.plugged());
            assertEquals(2, dimm.device.counters().get(MemCounter.RELEASE_ERRORS));
        }
    }

    /** The device never answers BUSY to it: it waits. */
    @Test
    @Normative({"MEM-35", "MEM-40"})
    void many_drivers_requests_wait_their_turn() {
        try (Dimm dimm = Dimm.start(DriverOptions.packed())) {
            dimm.plug(0, 4);
            MemoryMap used = dimm.ram.memory().pin();
            Submitted one = dimm.driver.queue(0).submit(Dimm.request(UNPLUG, at(0), 1), 10);
            Submitted all = dimm.driver.queue(0).submit(Dimm.request(UNPLUG_ALL, 0, 0), 10);
            dimm.driver.runDevice();
            used.unpin();
            dimm.driver.queue(0).await(one);
            dimm.driver.queue(0).await(all);
            assertEquals(new Dimm.Answer(ACK, 0), Dimm.Answer.of(one.written()));
            assertEquals(new Dimm.Answer(ACK, 0), Dimm.Answer.of(all.written()));
            assertEquals(0, dimm.plugged());
        }
    }
}
