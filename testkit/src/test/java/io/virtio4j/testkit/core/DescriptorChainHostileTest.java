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

import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.testkit.GuestBuffer;
import io.virtio4j.testkit.GuestRam;
import io.virtio4j.testkit.RawQueue.Raw;
import io.virtio4j.testkit.RawQueue.Used;
import io.virtio4j.testkit.ScriptedDevice;
import io.virtio4j.testkit.conformance.HostileCase;
import io.virtio4j.testkit.conformance.HostileCases;
import io.virtio4j.testkit.conformance.Normative;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Hostile cases of descriptor chains. */
class DescriptorChainHostileTest {

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 15, 16})
    @HostileCase("DC-1")
    void a_chain_that_loops_is_refused(int length) {
        try (RawRig rig = new RawRig(RingFormat.SPLIT, 16)) {
            Raw[] raws = new Raw[length];
            for (int i = 0; i < length; i++) {
                raws[i] = in(rig.readable, 0, 8);
            }
            int head = rig.queue.place(raws);
            rig.queue.descriptor((head + length - 1) % 16, in(rig.readable, 0, 8), head);
            rig.queue.available(head);

            rig.assertRefused(head);
        }
    }

    /** The work of a turn is bounded, though each of the loops is as long as the queue. */
    @ParameterizedTest
    @ValueSource(ints = {1024, 32768})
    @HostileCase("DC-1")
    void a_full_queue_of_loops_is_worked_off_in_small_turns(int size) {
        try (RawRig rig = new RawRig(RingFormat.SPLIT, size)) {
            Raw loop = in(rig.readable, 0, 8);
            int loops = Math.min(size, 2048);
            for (int slot = 0; slot < loops; slot++) {
                rig.queue.descriptor(slot, loop, slot);
                rig.queue.available(slot);
            }
            rig.queue.kick();

            rig.driver.instance().poll(1);

            long perTurn = rig.counters().chainFaults();
            assertTrue(perTurn <= 16, "loops in one turn: " + perTurn);
            rig.driver.runDevice();
            assertEquals(loops, rig.queue.takeUsed().size());
            rig.assertUntouched();
            HostileCases.count("DC-1", loops);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {16, 17, 255, 0x7FFF, 0x8000, 0xFFFF})
    @HostileCase("DC-2")
    void a_next_beyond_the_table_is_refused(int next) {
        try (RawRig rig = new RawRig(RingFormat.SPLIT, 16)) {
            int head = rig.queue.place(in(rig.readable, 0, 8));
            rig.queue.descriptor(head, in(rig.readable, 0, 8), next);
            rig.queue.available(head);

            rig.assertRefused(head);
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @Normative({"SPL-2", "PKD-8"})
    @HostileCase("DC-3")
    void a_chain_may_have_as_many_elements_as_the_queue_and_no_more(RingFormat format) {
        try (RawRig rig = new RawRig(format, 8)) {
            GuestBuffer table = rig.allocate(16 * 9);
            for (int entries = 1; entries <= 9; entries++) {
                Raw[] raws = new Raw[entries];
                for (int i = 0; i < entries; i++) {
                    raws[i] = new Raw(rig.readable.address(), 1, i < entries - 1 ? NEXT : 0);
                }
                rig.queue.table(table, raws);
                int id = rig.queue.chain(new Raw(table.address(), 16L * entries, INDIRECT));
                rig.run();
                assertEquals(0, rig.takeOne(id).length());
                assertEquals(entries > 8 ? 1 : 0, rig.counters().chainFaults());
            }
            rig.assertAlive();
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @HostileCase("DC-4")
    void a_buffer_that_wraps_the_address_space_is_refused(RingFormat format) {
        GuestRam ram = GuestRam.allocate().add(-0x1_0000L, 0x1_0000).add(0, 0x1000);
        try (RawRig rig = new RawRig(new ScriptedDevice(), ram, format, 16)) {
            int played = 0;
            for (long address = -1; address >= -4096; address -= 13, played += 2) {
                rig.assertRefused(new Raw(address, 1 - address, WRITE));
                rig.assertRefused(new Raw(address, 0xFFFF_FFFFL, NEXT), out(rig.writable, 0, 8));
            }
            HostileCases.count("DC-4", played);
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void a_buffer_may_end_where_the_address_space_ends(RingFormat format) {
        GuestRam ram = GuestRam.allocate().add(-0x1000L, 0x1000);
        try (RawRig rig = new RawRig(new ScriptedDevice(), ram, format, 16)) {
            GuestBuffer top = ram.at(-48, 48);

            Used used = rig.use(in(rig.readable, 0, 48), out(top, 0, 48));

            assertEquals(48, used.length());
            assertEquals(47, top.get(47, 1));
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @HostileCase("DC-5")
    void lengths_that_add_up_to_4_gib_are_refused(RingFormat format) {
        try (RawRig rig = new RawRig(format, 16)) {
            rig.assertRefused(new Raw(0, 0x8000_0000L, NEXT), new Raw(0, 0x8000_0000L, WRITE));
            rig.assertRefused(new Raw(0, 0xFFFF_FFFFL, NEXT), out(rig.writable, 0, 1));
            rig.assertRefused(new Raw(0, 0xFFFF_FFFFL, NEXT), new Raw(0, 0xFFFF_FFFFL, NEXT),
                    new Raw(0, 0xFFFF_FFFFL, WRITE));
        }
    }

    /** Three regions that touch; each split of a buffer's 48 bytes over them. */
    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @HostileCase("DC-6")
    void a_buffer_may_cross_adjacent_regions(RingFormat format) {
        GuestRam ram = GuestRam.allocate().add(0x800_0000, 0x1000).add(0x800_1000, 16)
                .add(0x800_1010, 0x1000);
        try (RawRig rig = new RawRig(new ScriptedDevice(), ram, format, 16)) {
            for (long start = 0x800_1000 - 48; start <= 0x800_1010; start++) {
                GuestBuffer crossing = ram.at(start, 48);
                Used used = rig.use(in(rig.readable, 0, 48), out(crossing, 0, 48));
                assertEquals(48, used.length());
                rig.assertServed(linked(new Raw(start, 48, 0)), out(rig.writable, 0, 48));
                crossing.free();
            }
            HostileCases.count("DC-6", 65);
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @HostileCase("DC-6")
    void a_buffer_over_a_hole_is_no_buffer(RingFormat format) {
        GuestRam ram = GuestRam.allocate().add(0x800_0000, 0x1000).add(0x800_1010, 0x1000);
        try (RawRig rig = new RawRig(new ScriptedDevice(), ram, format, 16)) {
            for (long start = 0x800_1000 - 47; start < 0x800_1010; start++) {
                long faults = rig.counters().chainFaults();
                Used used = rig.use(new Raw(start, 48, NEXT), out(rig.writable, 0, 48));
                assertEquals(0, used.length());
                assertEquals(faults + 1, rig.counters().chainFaults());
            }
            rig.assertUntouched();
            rig.assertAlive();
            HostileCases.count("DC-6", 63);
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @HostileCase("DC-7")
    void empty_descriptors_are_skipped_wherever_they_point(RingFormat format) {
        try (RawRig rig = new RawRig(format, 16)) {
            for (long address : new long[] {0, -1, Long.MIN_VALUE, 0x7777_0000_0000L}) {
                Raw nothing = new Raw(address, 0, NEXT);
                Raw nothingWritable = new Raw(address, 0, NEXT | WRITE);
                rig.assertServed(nothing, in(rig.readable, 0, 20), nothing, in(rig.readable, 20, 28),
                        linked(out(rig.writable, 0, 9)), nothingWritable, nothingWritable,
                        out(rig.writable, 9, 39));
            }
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @HostileCase("DC-7")
    void a_chain_of_empty_descriptors_alone_is_used(RingFormat format) {
        try (RawRig rig = new RawRig(format, 16)) {
            Raw[] raws = new Raw[16];
            for (int i = 0; i < 16; i++) {
                raws[i] = new Raw(-1, 0, i < 15 ? NEXT : 0);
            }

            assertEquals(0, rig.use(raws).length());

            assertEquals(0, rig.counters().chainFaults());
            rig.assertAlive();
        }
    }

    /** All masks of up to four directions: legal are those whose readable descriptors come first. */
    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @Normative({"SPL-3", "PKD-4"})
    @HostileCase("DC-8")
    void readable_after_writable_is_refused(RingFormat format) {
        try (RawRig rig = new RawRig(format, 16)) {
            int played = 0;
            for (int count = 1; count <= 4; count++) {
                for (int mask = 0; mask < 1 << count; mask++, played++) {
                    List<Raw> raws = new ArrayList<>();
                    boolean legal = true;
                    for (int i = 0; i < count; i++) {
                        boolean writable = (mask >> i & 1) != 0;
                        legal &= writable || i == 0 || (mask >> (i - 1) & 1) == 0;
                        int flags = (writable ? WRITE : 0) | (i < count - 1 ? NEXT : 0);
                        long at = (writable ? rig.writable : rig.readable).address() + 12L * i;
                        raws.add(new Raw(at, 12, flags));
                    }
                    if (legal) {
                        rig.use(raws.toArray(new Raw[0]));
                        rig.writable.fill(0x33);
                    } else {
                        rig.assertRefused(raws.toArray(new Raw[0]));
                    }
                }
            }
            HostileCases.count("DC-8", played);
        }
    }

    /** The device expects more than there is, in either direction. */
    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @HostileCase("DC-8")
    void a_buffer_in_the_wrong_direction_is_too_short(RingFormat format) {
        ScriptedDevice device = new ScriptedDevice();
        device.handler(chain -> {
            chain.reader().readLe64();
            chain.writer().writeLe64(1);
            chain.complete();
        });
        try (RawRig rig = new RawRig(device, format, 16)) {
            for (Raw[] wrong : new Raw[][] {
                {out(rig.writable, 0, 8), },
                {new Raw(rig.readable.address(), 8, 0)},
                {in(rig.readable, 0, 7), out(rig.writable, 0, 8)},
                {in(rig.readable, 0, 8), out(rig.writable, 0, 7)}}) {
                assertEquals(0, rig.use(wrong).length());
            }
            assertEquals(4, rig.counters().chainFaults());
            rig.assertUntouched();
            assertEquals(8, rig.use(in(rig.readable, 0, 8), out(rig.writable, 0, 8)).length());
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @Normative("SPL-1")
    @HostileCase("DC-9")
    void a_buffer_may_be_split_anywhere(RingFormat format) {
        try (RawRig rig = new RawRig(format, 128)) {
            for (int i = 1; i < 48; i++) {
                for (int o = 1; o < 48; o++) {
                    rig.assertServed(in(rig.readable, 0, i), in(rig.readable, i, 48 - i),
                            linked(out(rig.writable, 0, o)), out(rig.writable, o, 48 - o));
                }
            }
            List<Raw> bytes = new ArrayList<>();
            for (int i = 0; i < 48; i++) {
                bytes.add(in(rig.readable, i, 1));
            }
            for (int i = 0; i < 48; i++) {
                bytes.add(new Raw(rig.writable.address() + i, 1, i < 47 ? NEXT | WRITE : WRITE));
            }
            rig.assertServed(bytes.toArray(new Raw[0]));
            HostileCases.count("DC-9", 47 * 47 + 1);
        }
    }

    /** While the handler works, the driver rewrites what it made available: nothing is looked at twice. */
    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @HostileCase("DC-10")
    void a_descriptor_that_changes_after_it_was_taken_changes_nothing(RingFormat format) {
        ScriptedDevice device = new ScriptedDevice();
        try (RawRig rig = new RawRig(device, format, 16)) {
            GuestBuffer table = rig.allocate(32);
            device.handler = chain -> {
                for (int slot = 0; slot < 16; slot++) {
                    long at = 16L * slot;
                    rig.queue.descriptors().set(at, 8, -1);
                    rig.queue.descriptors().set(at + 8, 4, 0xFFFF_FFFFL);
                }
                table.fill(0xFF);
                ScriptedDevice.echo(chain);
            };
            for (int i = 0; i < 16; i++) {
                rig.queue.table(table, in(rig.readable, 0, 48), out(rig.writable, 0, 48));
                rig.assertServed(rig.table(table));
                rig.assertServed(in(rig.readable, 0, 48), out(rig.writable, 0, 48));
            }
        }
    }

    /** Only regions are memory; the rest of the address space is nobody's, whatever the embedder has there. */
    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @HostileCase("DC-11")
    void a_register_page_is_no_buffer(RingFormat format) {
        try (RawRig rig = new RawRig(format, 16)) {
            long[] pages = {0xFEE0_0000L, 0xFEC0_0000L, 0xC000_0000L, 0x40_0000_0000L, 0x0A00_0000L};
            for (long page : pages) {
                rig.use(in(rig.readable, 0, 8), new Raw(page, 4, WRITE));
                rig.use(new Raw(page, 4, NEXT), out(rig.writable, 0, 4));
            }
            assertEquals(2 * pages.length, rig.counters().chainFaults());
            rig.assertUntouched();
            rig.assertAlive();
            HostileCases.count("DC-11", 2 * pages.length);
        }
    }

    @Test
    @HostileCase("DC-11")
    void a_device_can_answer_a_request_with_a_buffer_that_is_no_memory() {
        ScriptedDevice device = new ScriptedDevice();
        device.handler(chain -> {
            assertTrue(chain.hasUnmapped());
            chain.writer().seek(chain.writer().length() - 1);
            chain.writer().writeU8(1);
            chain.complete(1);
        });
        try (RawRig rig = new RawRig(device, RingFormat.SPLIT, 16)) {
            Used used = rig.use(in(rig.readable, 0, 8), linked(new Raw(0xFEE0_0000L, 512, WRITE)),
                    out(rig.writable, 0, 1));

            assertEquals(1, used.length());
            assertEquals(1, rig.writable.get(0, 1));
            assertEquals(0, rig.counters().chainFaults());
        }
    }
}
