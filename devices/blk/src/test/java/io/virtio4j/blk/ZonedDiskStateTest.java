// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.blk;

import static io.virtio4j.blk.BlockStatus.OK;
import static io.virtio4j.blk.ZoneState.CLOSED;
import static io.virtio4j.blk.ZoneState.EMPTY;
import static io.virtio4j.blk.ZoneState.EOPEN;
import static io.virtio4j.blk.ZoneState.FULL;
import static io.virtio4j.blk.ZoneState.IOPEN;
import static io.virtio4j.blk.ZoneState.OFFLINE;
import static io.virtio4j.blk.ZoneState.RDONLY;
import static io.virtio4j.blk.ZonedDiskTest.CAPACITY;
import static io.virtio4j.blk.ZonedDiskTest.at;
import static io.virtio4j.blk.ZonedDiskTest.disk;
import static io.virtio4j.blk.ZonedDiskTest.in;
import static io.virtio4j.blk.ZonedDiskTest.pointer;
import static io.virtio4j.blk.ZonedDiskTest.state;
import static io.virtio4j.blk.ZonedDiskTest.write;
import static io.virtio4j.blk.ZonedDiskTest.zones;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.virtio4j.core.wire.StateException;
import io.virtio4j.core.wire.StateReader;
import io.virtio4j.core.wire.StateWriter;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What is saved of zones, for another device and for another life. */
class ZonedDiskStateTest {

    private static byte[] saved(ZonedDisk disk) {
        StateWriter out = new StateWriter();
        disk.save(out);
        return out.toByteArray();
    }

    @Test
    void every_state_is_restored() {
        for (ZoneState state : List.of(EMPTY, IOPEN, EOPEN, CLOSED, FULL, RDONLY, OFFLINE)) {
            ZonedDisk from = in(state);
            ZonedDisk to = disk();

            to.restore(new StateReader(saved(from))).run();

            assertEquals(zones(from), zones(to));
        }
    }

    @Test
    void a_write_in_flight_is_saved_as_not_begun() {
        for (ZoneState before : List.of(EMPTY, IOPEN, EOPEN, CLOSED)) {
            ZonedDisk from = in(before);
            List<Zone> expected = zones(from);
            long sector = at(1) + pointer(from, 1);
            from.admitWrite(sector, 8);
            from.dataWritten(sector, 8);
            ZonedDisk to = disk();

            to.restore(new StateReader(saved(from))).run();

            assertEquals(expected, zones(to));
            assertEquals(OK, write(to, sector, 8));
        }
    }

    @Test
    void a_power_cycle_closes_what_was_open() {
        ZonedDisk from = disk();
        write(from, at(1), 8);
        from.open(at(2));
        write(from, at(3), CAPACITY);
        from.admitWrite(at(4), 8);
        from.dataWritten(at(4), 8);
        ZonedDisk to = disk();

        to.load(from.takeChanges());

        assertEquals(List.of(CLOSED, EMPTY, FULL, CLOSED),
                List.of(state(to, 1), state(to, 2), state(to, 3), state(to, 4)));
        assertEquals(8, pointer(to, 4));
    }

    @Test
    void changes_are_taken_once() {
        ZonedDisk disk = in(IOPEN);

        byte[] first = disk.takeChanges();
        byte[] second = disk.takeChanges();
        disk.changesLost();

        assertNull(second);
        assertEquals(first.length, disk.takeChanges().length);
    }

    @Test
    void damaged_states_are_refused() {
        byte[] good = saved(in(IOPEN));
        int header = 2 + 1 + 8 + 8 + 8 + 4 + 4;
        for (int at : new int[] {0, 2, 3, 11, 19, 27, 31}) {
            byte[] bad = good.clone();
            bad[at]++;
            assertThrows(StateException.class, () -> disk().restore(new StateReader(bad)), "byte " + at);
        }
        byte[] state = good.clone();
        state[header] = 5; // there is no state 5
        assertThrows(StateException.class, () -> disk().restore(new StateReader(state)));
        byte[] pointer = good.clone();
        pointer[header + 9 + 1] = (byte) (CAPACITY + 1);
        assertThrows(StateException.class, () -> disk().restore(new StateReader(pointer)));
        assertThrows(StateException.class,
                () -> disk().restore(new StateReader(Arrays.copyOf(good, good.length - 1))));
    }
}
