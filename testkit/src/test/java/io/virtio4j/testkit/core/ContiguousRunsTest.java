// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit.core;

import static io.virtio4j.testkit.core.RawRig.in;
import static io.virtio4j.testkit.core.RawRig.last;
import static io.virtio4j.testkit.core.RawRig.linked;
import static io.virtio4j.testkit.core.RawRig.out;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.virtio4j.core.queue.ChainCursor;
import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.testkit.RawQueue.Raw;
import io.virtio4j.testkit.ScriptedDevice;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Transfers without a copy: where the bytes of a chain lie on the host, run by run. */
class ContiguousRunsTest {

    /** Length and first byte of each run. */
    private final List<List<Long>> runs = new ArrayList<>();

    private void visit(ChainCursor cursor) {
        for (long run = cursor.nextRun(); run > 0; run = cursor.nextRun()) {
            long first = cursor.segment().get(ValueLayout.JAVA_BYTE, cursor.segmentOffset());
            runs.add(List.of(run, first));
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void visits_every_buffer_of_each_direction_once(RingFormat format) {
        ScriptedDevice device = new ScriptedDevice().queues(1, 32768).handler(chain -> {
            visit(chain.reader());
            visit(chain.writer());
            assertEquals(0, chain.reader().remaining());
            chain.complete(chain.writer().length());
        });
        try (RawRig rig = new RawRig(device, format, 16)) {
            var used = rig.use(linked(in(rig.readable, 0, 8)), linked(new Raw(0xFFFF_0000L, 0, 0)),
                    linked(in(rig.readable, 20, 4)), last(out(rig.writable, 0, 16)));

            assertEquals(List.of(List.of(8L, 0L), List.of(4L, 20L), List.of(16L, 0x33L)), runs);
            assertEquals(16, used.length());
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void a_run_begins_where_reading_stopped_and_reading_goes_on_behind_it(RingFormat format) {
        List<Integer> bytes = new ArrayList<>();
        ScriptedDevice device = new ScriptedDevice().queues(1, 32768).handler(chain -> {
            bytes.add(chain.reader().readU8());
            long run = chain.reader().nextRun();
            runs.add(List.of(run, chain.reader().position()));
            bytes.add(chain.reader().readU8());
            chain.reader().seek(2);
            bytes.add(chain.reader().readU8());
            chain.complete();
        });
        try (RawRig rig = new RawRig(device, format, 16)) {
            rig.use(linked(in(rig.readable, 0, 8)), last(in(rig.readable, 20, 4)));

            assertEquals(List.of(List.of(7L, 8L)), runs);
            assertEquals(List.of(0, 20, 2), bytes);
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void a_run_that_is_not_in_memory_is_refused_and_the_queue_goes_on(RingFormat format) {
        ScriptedDevice device = new ScriptedDevice().queues(1, 32768);
        try (RawRig rig = new RawRig(device, format, 16)) {
            device.replace(0, chain -> {
                visit(chain.reader());
                chain.complete();
            });

            int id = rig.queue.chain(linked(in(rig.readable, 4, 8)), last(new Raw(1L << 60, 8, 0)));
            rig.run();

            assertEquals(0, rig.takeOne(id).length());
            assertEquals(List.of(List.of(8L, 4L)), runs);
            assertEquals(1, rig.counters().chainFaults());
        }
    }
}
