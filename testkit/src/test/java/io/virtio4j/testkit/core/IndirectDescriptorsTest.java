// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit.core;

import static io.virtio4j.testkit.core.RawRig.INDIRECT;
import static io.virtio4j.testkit.core.RawRig.NEXT;
import static io.virtio4j.testkit.core.RawRig.WRITE;
import static io.virtio4j.testkit.core.RawRig.in;
import static io.virtio4j.testkit.core.RawRig.linked;
import static io.virtio4j.testkit.core.RawRig.out;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.device.CoreFeature;
import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.testkit.GuestBuffer;
import io.virtio4j.testkit.GuestRam;
import io.virtio4j.testkit.RawQueue.Raw;
import io.virtio4j.testkit.ScriptedDevice;
import io.virtio4j.testkit.conformance.HostileCase;
import io.virtio4j.testkit.conformance.HostileCases;
import io.virtio4j.testkit.conformance.Normative;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * [Virtqueues / The Virtqueue Descriptor Table / Indirect Descriptors], [Packed Virtqueues / Indirect Flag:
 * Scatter-Gather Support]
 */
class IndirectDescriptorsTest {

    private static GuestBuffer goodTable(RawRig rig) {
        GuestBuffer table = rig.allocate(32);
        rig.queue.table(table, in(rig.readable, 0, 48), out(rig.writable, 0, 48));
        return table;
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @Normative("SPL-5")
    @HostileCase("IT-6")
    void write_on_the_referring_descriptor_is_ignored(RingFormat format) {
        try (RawRig rig = new RawRig(format, 16)) {
            GuestBuffer table = goodTable(rig);

            rig.assertServed(new Raw(table.address(), 32, INDIRECT | WRITE));
        }
    }

    @Test
    @Normative("SPL-6")
    @HostileCase("IT-3")
    void a_table_may_follow_any_number_of_descriptors() {
        try (RawRig rig = new RawRig(RingFormat.SPLIT, 64)) {
            GuestBuffer table = rig.allocate(32);
            for (int before = 0; before < 48; before++) {
                rig.queue.table(table, in(rig.readable, before, 48 - before), out(rig.writable, 0, 48));
                List<Raw> raws = new ArrayList<>();
                for (int i = 0; i < before; i++) {
                    raws.add(in(rig.readable, i, 1));
                }
                raws.add(rig.table(table));
                rig.assertServed(raws.toArray(new Raw[0]));
            }
            HostileCases.count("IT-3", 48);
        }
    }

    @Test
    @HostileCase("IT-3")
    void a_table_that_is_not_the_end_of_a_split_chain_is_refused() {
        try (RawRig rig = new RawRig(RingFormat.SPLIT, 16)) {
            GuestBuffer table = goodTable(rig);

            rig.assertRefused(new Raw(table.address(), 32, INDIRECT | NEXT), out(rig.writable, 0, 8));
            rig.assertRefused(new Raw(table.address(), 32, INDIRECT | NEXT), rig.table(table));
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @HostileCase("IT-1")
    void a_table_is_refused_without_the_feature(RingFormat format) {
        try (RawRig rig = new RawRig(new ScriptedDevice(), format, 16, CoreFeature.INDIRECT_DESC)) {
            GuestBuffer table = goodTable(rig);

            rig.assertRefused(rig.table(table));
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @HostileCase("IT-2")
    void a_table_in_a_table_is_refused(RingFormat format) {
        try (RawRig rig = new RawRig(format, 16)) {
            GuestBuffer inner = goodTable(rig);
            GuestBuffer outer = rig.allocate(48);
            rig.queue.table(outer, rig.table(inner));
            rig.assertRefused(new Raw(outer.address(), 16, INDIRECT));
            rig.queue.table(outer, in(rig.readable, 0, 8), new Raw(inner.address(), 32, INDIRECT | WRITE));
            rig.assertRefused(new Raw(outer.address(), 32, INDIRECT));
            rig.queue.table(outer, in(rig.readable, 0, 8), new Raw(outer.address(), 48, INDIRECT));
            rig.assertRefused(new Raw(outer.address(), 32, INDIRECT));
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @HostileCase("IT-4")
    void a_table_of_a_wrong_length_is_refused(RingFormat format) {
        try (RawRig rig = new RawRig(format, 16)) {
            GuestBuffer table = goodTable(rig);
            int played = 0;
            for (int length = 0; length < 33; length++) {
                if (length != 16 && length != 32) {
                    rig.assertRefused(new Raw(table.address(), length, INDIRECT));
                    played++;
                }
            }
            for (long length : new long[] {0xFFFF_FFFFL, 0xFFFF_FFF1L, 0x8000_0001L}) {
                rig.assertRefused(new Raw(table.address(), length, INDIRECT));
                played++;
            }
            HostileCases.count("IT-4", played);
        }
    }

    /** The entries are what the table holds, not what it claims. */
    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @HostileCase("IT-4")
    void a_table_that_claims_4_gib_is_read_to_its_end_alone(RingFormat format) {
        try (RawRig rig = new RawRig(format, 16)) {
            GuestBuffer table = goodTable(rig);
            Raw huge = new Raw(table.address(), 0xFFFF_FFF0L, INDIRECT);
            if (format == RingFormat.SPLIT) {
                rig.queue.tableEntry(table, 1, out(rig.writable, 0, 48), 0);
                rig.assertServed(huge);
            } else {
                rig.assertRefused(huge);
            }
        }
    }

    @Test
    @HostileCase("DC-2")
    void a_next_beyond_the_table_is_refused() {
        try (RawRig rig = new RawRig(RingFormat.SPLIT, 16)) {
            GuestBuffer table = rig.allocate(32);
            for (int next : new int[] {2, 3, 16, 0x7FFF, 0xFFFF}) {
                rig.queue.tableEntry(table, 0, in(rig.readable, 0, 8), next);
                rig.assertRefused(rig.table(table));
            }
        }
    }

    @Test
    @HostileCase("DC-1")
    void a_table_that_loops_is_refused() {
        try (RawRig rig = new RawRig(RingFormat.SPLIT, 16)) {
            GuestBuffer table = rig.allocate(16 * 16);
            for (int length = 1; length <= 16; length++) {
                for (int i = 0; i < length; i++) {
                    rig.queue.tableEntry(table, i, in(rig.readable, 0, 8), (i + 1) % length);
                }
                rig.assertRefused(rig.table(table));
            }
            HostileCases.count("DC-1", 16);
        }
    }

    @Test
    @Normative("PKD-7")
    void in_a_packed_table_only_write_counts() {
        try (RawRig rig = new RawRig(RingFormat.PACKED, 16)) {
            GuestBuffer table = rig.allocate(32);
            int other = NEXT | 1 << 7 | 1 << 15 | 0x7F78;
            rig.queue.tableEntry(table, 0, new Raw(rig.readable.address(), 48, other & ~WRITE), 77);
            rig.queue.tableEntry(table, 1, new Raw(rig.writable.address(), 48, other | WRITE), 99);

            rig.assertServed(rig.table(table));
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @HostileCase("IT-5")
    void a_table_may_lie_anywhere_in_memory(RingFormat format) {
        GuestRam ram = GuestRam.allocate().add(0x800_0000, 0x1000).add(0x800_1000, 0x1000);
        try (RawRig rig = new RawRig(new ScriptedDevice(), ram, format, 16)) {
            for (long start = 0x800_1000 - 33; start <= 0x800_1001; start++) {
                GuestBuffer table = ram.at(start, 32);
                rig.queue.table(table, in(rig.readable, 0, 48), out(rig.writable, 0, 48));
                rig.assertServed(rig.table(table));
                table.free();
            }
            HostileCases.count("IT-5", 35);
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @HostileCase("IT-5")
    void a_table_over_a_hole_is_refused(RingFormat format) {
        GuestRam ram = GuestRam.allocate().add(0x800_0000, 0x1000);
        try (RawRig rig = new RawRig(new ScriptedDevice(), ram, format, 16)) {
            int played = 0;
            for (long start = 0x800_1000 - 31; start < 0x800_1000; start++, played++) {
                GuestBuffer part = ram.at(start, 0x800_1000 - start);
                if (part.length() >= 16) {
                    rig.queue.tableEntry(part, 0, in(rig.readable, 0, 48), 1);
                }
                rig.assertRefused(new Raw(start, 32, INDIRECT));
                part.free();
            }
            rig.assertRefused(new Raw(-16, 32, INDIRECT));
            rig.assertRefused(new Raw(0, 32, INDIRECT));
            HostileCases.count("IT-5", played + 2);
        }
    }

    /** Drivers fill tables to the queue's size; what refers to the table comes on top. */
    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void a_table_of_the_queue_s_size_is_served(RingFormat format) {
        try (RawRig rig = new RawRig(format, 16)) {
            GuestBuffer table = rig.allocate(16 * 16);
            Raw[] raws = new Raw[16];
            for (int i = 0; i < 8; i++) {
                raws[i] = in(rig.readable, 6 * i, 6);
                raws[8 + i] = linked(out(rig.writable, 6 * i, 6));
            }
            raws[15] = out(rig.writable, 42, 6);
            rig.queue.table(table, raws);

            rig.assertServed(rig.table(table));
            assertEquals(0, rig.counters().chainFaults());
            assertTrue(rig.counters().chains() > 0);
        }
    }
}
