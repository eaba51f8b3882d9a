// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.mem;

import static io.virtio4j.mem.Dimm.ACK;
import static io.virtio4j.mem.Dimm.BLOCK;
import static io.virtio4j.mem.Dimm.BUSY;
import static io.virtio4j.mem.Dimm.ERROR;
import static io.virtio4j.mem.Dimm.NACK;
import static io.virtio4j.mem.Dimm.PLUG;
import static io.virtio4j.mem.Dimm.at;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.memory.MemoryMap;
import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.conformance.HostileCase;
import io.virtio4j.testkit.conformance.Normative;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** [Memory Device / Device Operation / PLUG request] */
class PlugRequestTest {

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @Normative({"MEM-16", "MEM-19", "MEM-24", "MEM-25", "MEM-29", "MEM-30"})
    void plugged_blocks_are_memory_like_any_other(RingFormat format) {
        try (Dimm dimm = Dimm.start(DriverOptions.of(format))) {
            assertFalse(dimm.isReachable(7));
            dimm.plug(7, 2);
            assertFalse(dimm.isReachable(6));
            assertTrue(dimm.isReachable(7));
            assertTrue(dimm.isReachable(8));
            assertFalse(dimm.isReachable(9));
            assertEquals(2 * BLOCK, dimm.plugged());
            // A request and its response in plugged memory, over the border of two blocks.
            Submitted there = dimm.driver.queue(0).add(
                    new Submitted.Descriptor(put(dimm, at(8) - 12, Dimm.request(Dimm.STATE, at(7), 3)), 24, false),
                    new Submitted.Descriptor(at(8) + 100, 10, true));
            dimm.driver.queue(0).publish();
            dimm.driver.queue(0).kick();
            dimm.driver.queue(0).await(there);
            assertEquals(10, there.usedLength());
            byte[] response = new byte[10];
            dimm.ram.memory().read(at(8) + 100, MemorySegment.ofArray(response));
            assertEquals(new Dimm.Answer(ACK, Dimm.MIXED), Dimm.Answer.of(response));
        }
    }

    private static long put(Dimm dimm, long address, byte[] bytes) {
        dimm.ram.memory().write(address, MemorySegment.ofArray(bytes));
        return address;
    }

    @Test
    @Normative({"MEM-26", "MEM-27"})
    @HostileCase({"ME-1", "ME-2"})
    void what_cannot_be_plugged_is_an_error() {
        try (Dimm dimm = Dimm.start(DriverOptions.split())) {
            dimm.plug(5, 1);
            assertEquals(ERROR, dimm.ask(PLUG, at(1) + 8, 1).type());
            assertEquals(ERROR, dimm.ask(PLUG, at(1), 0).type());
            assertEquals(ERROR, dimm.answer(PLUG, 4, 2), "one of them is plugged");
            assertEquals(BLOCK, dimm.plugged());
            assertEquals(Dimm.UNPLUGGED, dimm.state(0, 5));
        }
    }

    @Test
    @HostileCase("ME-2")
    void more_than_is_wanted_is_not_acknowledged() {
        try (Dimm dimm = Dimm.start(DriverOptions.packed(), builder -> builder.requestedSize(4 * BLOCK))) {
            dimm.plug(0, 3);
            assertEquals(NACK, dimm.answer(PLUG, 10, 2));
            dimm.plug(10, 1);
            assertEquals(NACK, dimm.answer(PLUG, 11, 1));
            dimm.device.requestSize(5 * BLOCK);
            dimm.plug(11, 1);
            assertEquals(2, dimm.device.counters().get(MemCounter.REFUSED));
            assertEquals(5, dimm.device.counters().get(MemCounter.PLUGGED));
        }
    }

    @Test
    @Normative("MEM-28")
    void nothing_is_plugged_while_somebody_uses_what_the_machine_s_reset_took() {
        try (Dimm dimm = Dimm.start(DriverOptions.split())) {
            dimm.plug(0, 1);
            MemoryMap used = dimm.ram.memory().pin();
            dimm.driver.reset();
            dimm.device.systemReset();
            dimm.driver.start(DriverOptions.split());
            assertEquals(BUSY, dimm.answer(PLUG, 0, 1));
            used.unpin();
            dimm.plug(0, 1);
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void the_answer_waits_for_queues_that_do_not_see_the_memory_yet(RingFormat format) {
        try (Dimm dimm = Dimm.start(DriverOptions.of(format))) {
            MemoryMap used = dimm.ram.memory().pin();
            Submitted plug = dimm.driver.queue(0).submit(Dimm.request(PLUG, at(0), 1), 10);
            Submitted behind = dimm.driver.queue(0).submit(Dimm.request(Dimm.STATE, at(0), 1), 10);
            dimm.driver.runDevice();
            dimm.driver.queue(0).collect();
            assertFalse(plug.isUsed());
            assertFalse(behind.isUsed());
            used.unpin();
            dimm.driver.queue(0).await(behind);
            assertEquals(new Dimm.Answer(ACK, 0), Dimm.Answer.of(plug.written()));
            assertEquals(new Dimm.Answer(ACK, Dimm.PLUGGED), Dimm.Answer.of(behind.written()));
        }
    }
}
