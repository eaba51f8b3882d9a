// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.mem;

import static io.virtio4j.mem.Dimm.ERROR;
import static io.virtio4j.mem.Dimm.MIXED;
import static io.virtio4j.mem.Dimm.PLUGGED;
import static io.virtio4j.mem.Dimm.STATE;
import static io.virtio4j.mem.Dimm.UNPLUGGED;
import static io.virtio4j.mem.Dimm.at;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.conformance.HostileCase;
import io.virtio4j.testkit.conformance.HostileCases;
import io.virtio4j.testkit.conformance.Normative;
import java.util.BitSet;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** [Memory Device / Device Operation / STATE request] */
class StateRequestTest {

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @Normative({"MEM-44", "MEM-45", "MEM-47", "MEM-48", "MEM-49", "MEM-50"})
    void the_state_of_blocks_is_told(RingFormat format) {
        try (Dimm dimm = Dimm.start(DriverOptions.of(format))) {
            dimm.plug(10, 10);
            assertEquals(PLUGGED, dimm.state(10, 10));
            assertEquals(PLUGGED, dimm.state(12, 1));
            assertEquals(UNPLUGGED, dimm.state(0, 10));
            assertEquals(UNPLUGGED, dimm.state(20, 44));
            assertEquals(MIXED, dimm.state(9, 2));
            assertEquals(MIXED, dimm.state(19, 2));
            assertEquals(MIXED, dimm.state(0, 64));
        }
    }

    @Test
    @Normative("MEM-46")
    @HostileCase("ME-1")
    void blocks_that_are_none_have_no_state() {
        try (Dimm dimm = Dimm.start(DriverOptions.split())) {
            assertEquals(ERROR, dimm.answer(STATE, 0, 0));
            assertEquals(ERROR, dimm.answer(STATE, 0, 65));
            assertEquals(ERROR, dimm.answer(STATE, 64, 1));
            assertEquals(ERROR, dimm.ask(STATE, at(0) - Dimm.BLOCK, 1).type());
            assertEquals(ERROR, dimm.ask(STATE, at(0) + 2048, 1).type());
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    @HostileCase("ME-2")
    void any_sequence_of_requests_has_the_outcome_that_a_set_of_blocks_has(long seed) {
        System.out.println("seed=" + seed);
        SplittableRandom random = new SplittableRandom(seed);
        BitSet model = new BitSet();
        try (Dimm dimm = Dimm.start(seed == 2 ? DriverOptions.packed() : DriverOptions.split())) {
            for (int step = 0; step < 600; step++) {
                int type = random.nextInt(3) == 0 ? STATE : random.nextInt(2);
                int first = random.nextInt(70) - 3;
                int count = random.nextInt(random.nextBoolean() ? 4 : 20);
                String what = "seed=" + seed + " step=" + step + " type=" + type + " first=" + first
                        + " count=" + count;
                assertEquals(expected(model, type, first, count), dimm.ask(type, at(first), count), what);
                assertEquals((long) model.cardinality() * Dimm.BLOCK, dimm.plugged(), what);
            }
            for (int block = 0; block < Dimm.BLOCKS; block++) {
                assertEquals(model.get(block), dimm.isReachable(block), "seed=" + seed + " block=" + block);
            }
        }
        HostileCases.count("ME-2", 600);
    }

    private static Dimm.Answer expected(BitSet model, int type, int first, int count) {
        if (first < 0 || count == 0 || first + count > Dimm.BLOCKS) {
            return new Dimm.Answer(ERROR, 0);
        }
        int plugged = model.get(first, first + count).cardinality();
        if (type == STATE) {
            return new Dimm.Answer(Dimm.ACK, plugged == count ? PLUGGED : plugged == 0 ? UNPLUGGED : MIXED);
        }
        boolean plug = type == Dimm.PLUG;
        if (plugged != (plug ? 0 : count)) {
            return new Dimm.Answer(ERROR, 0);
        }
        model.set(first, first + count, plug);
        return new Dimm.Answer(Dimm.ACK, 0);
    }
}
