// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit.core;

import static io.virtio4j.testkit.core.RawRig.in;
import static io.virtio4j.testkit.core.RawRig.out;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.testkit.RawQueue.Raw;
import io.virtio4j.testkit.ScriptedDevice;
import io.virtio4j.testkit.conformance.Normative;
import org.junit.jupiter.api.Test;

/**
 * [Virtqueues / The Virtqueue Descriptor Table], [Virtqueues / Supplying Buffers to The Device], [Packed
 * Virtqueues / Supplying Buffers to The Device]
 */
class SupplyingBuffersTest {

    /** Every fate that a chain can have. */
    @Test
    @Normative("SPL-4")
    void the_descriptor_table_stays_as_the_driver_wrote_it() {
        ParkingDevice device = new ParkingDevice();
        try (RawRig rig = new RawRig(device, RingFormat.SPLIT, 16)) {
            Raw[] good = {in(rig.readable, 0, 8), out(rig.writable, 0, 8)};
            byte[] table = new byte[16 * 16];
            for (int round = 0; round < 3; round++) {
                rig.queue.chain(good);
                rig.queue.chain(out(rig.writable, 0, 8));
                rig.queue.chain(rig.linkedTable(good));
                rig.queue.chain(new Raw(0, 8, 0)); // not in memory
                rig.queue.chain(RawRig.linked(out(rig.writable, 0, 8)), in(rig.readable, 0, 8)); // refused
                table = rig.queue.descriptors().bytes();
                rig.run();
                assertArrayEquals(table, rig.queue.descriptors().bytes());
                device.finish(1);
                device.cancelAll();
                rig.run();
                assertArrayEquals(table, rig.queue.descriptors().bytes());
                rig.queue.takeUsed();
            }
            rig.queue.chain(good);
            table = rig.queue.descriptors().bytes();
            rig.run();
            device.handler = chain -> chain.putBack();
            rig.queue.available(0);
            rig.run();
            device.cancelAll();
            rig.driver.port().resetQueue(0);

            assertArrayEquals(table, rig.queue.descriptors().bytes());
        }
    }

    @Test
    @Normative("SPL-X7")
    void split_buffers_are_taken_as_soon_as_idx_shows_them() {
        assertEquals(1, turnsForTwo(RingFormat.SPLIT));
    }

    @Test
    @Normative("PKD-X2")
    void packed_buffers_are_taken_as_soon_as_their_flags_show_them() {
        assertEquals(1, turnsForTwo(RingFormat.PACKED));
    }

    /** The second buffer comes while the first is served, and is told by no notification. */
    private static int turnsForTwo(RingFormat format) {
        ScriptedDevice device = new ScriptedDevice().queues(1, 8);
        try (RawRig rig = new RawRig(device, format, 8)) {
            Raw[] good = {in(rig.readable, 0, 48), out(rig.writable, 0, 48)};
            int[] id = {-1};
            device.handler = chain -> {
                ScriptedDevice.echo(chain);
                if (id[0] < 0) {
                    id[0] = rig.queue.chain(good);
                }
            };
            int first = rig.queue.chain(good);
            rig.queue.kick();
            int turns = rig.driver.runDevice();

            var used = rig.queue.takeUsed();
            assertEquals(2, used.size());
            assertEquals(first, used.get(0).id());
            assertEquals(id[0], used.get(1).id());
            assertTrue(used.stream().allMatch(entry -> entry.length() == 48));
            return turns;
        }
    }
}
