// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.mem;

import static io.virtio4j.mem.Dimm.BLOCK;
import static io.virtio4j.mem.Dimm.at;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.memory.MemoryMap;
import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.core.wire.StateException;
import io.virtio4j.core.wire.StateReader;
import io.virtio4j.core.wire.StateWriter;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.Submitted;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Which blocks are plugged goes with the device, a request that waits included. */
class SavedStateTest {

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void blocks_are_plugged_elsewhere_as_they_were_here(RingFormat format) {
        try (Dimm dimm = Dimm.start(DriverOptions.of(format))) {
            dimm.plug(3, 4);
            dimm.plug(63, 1);
            MemDevice there = Dimm.builder(dimm.region).requestedSize(8 * BLOCK).build();

            dimm.driver.migrateTo(there);

            assertEquals(5 * BLOCK, there.pluggedSize());
            assertEquals(Dimm.PLUGGED, dimm.state(3, 4));
            assertEquals(Dimm.PLUGGED, dimm.state(63, 1));
            assertEquals(Dimm.UNPLUGGED, dimm.state(7, 56));
            assertEquals(8 * BLOCK, there.requestedSize(), "the new embedder wants something else");
            assertTrue(dimm.isReachable(3));
            assertFalse(dimm.isReachable(0));
            assertEquals(Dimm.NACK, dimm.answer(Dimm.PLUG, 10, 4));
            dimm.plug(10, 3);
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void a_request_that_waits_is_served_elsewhere(RingFormat format) {
        try (Dimm dimm = Dimm.start(DriverOptions.of(format))) {
            dimm.plug(0, 4);
            MemoryMap used = dimm.ram.memory().pin();
            Submitted unplug = dimm.driver.queue(0).submit(Dimm.request(Dimm.UNPLUG, at(1), 2), 10);
            dimm.driver.runDevice();
            MemDevice there = Dimm.builder(dimm.region).build();

            dimm.driver.migrateTo(there);
            used.unpin();

            dimm.driver.queue(0).await(unplug);
            assertEquals(new Dimm.Answer(Dimm.ACK, 0), Dimm.Answer.of(unplug.written()));
            assertEquals(2 * BLOCK, there.pluggedSize());
            assertFalse(dimm.isReachable(1));
            assertTrue(dimm.isReachable(3));
        }
    }

    @Test
    void the_state_of_another_region_is_refused_and_changes_nothing() {
        byte[] saved;
        try (Dimm dimm = Dimm.start(DriverOptions.split())) {
            dimm.plug(0, 4);
            StateWriter out = new StateWriter();
            dimm.device.save(out);
            saved = out.toByteArray();
        }
        for (MemDevice other : new MemDevice[] {
            MemDevice.of(Dimm.ADDRESS + BLOCK, 64 * BLOCK).blockSize(BLOCK).build(),
            MemDevice.of(Dimm.ADDRESS, 32 * BLOCK).blockSize(BLOCK).build(),
            MemDevice.of(Dimm.ADDRESS, 64 * BLOCK).blockSize(2 * BLOCK).build()}) {
            StateException refusal = assertThrows(StateException.class, () -> other.restore(new StateReader(saved)));
            assertTrue(refusal.getMessage().contains("saved"), refusal.getMessage());
            assertEquals(0, other.pluggedSize());
        }
    }
}
