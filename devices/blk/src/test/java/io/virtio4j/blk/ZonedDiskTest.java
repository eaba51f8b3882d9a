// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.blk;

import static io.virtio4j.blk.BlockStatus.OK;
import static io.virtio4j.blk.BlockStatus.ZONE_ACTIVE_RESOURCE;
import static io.virtio4j.blk.BlockStatus.ZONE_INVALID_CMD;
import static io.virtio4j.blk.BlockStatus.ZONE_OPEN_RESOURCE;
import static io.virtio4j.blk.BlockStatus.ZONE_UNALIGNED_WP;
import static io.virtio4j.blk.ZoneState.CLOSED;
import static io.virtio4j.blk.ZoneState.EMPTY;
import static io.virtio4j.blk.ZoneState.EOPEN;
import static io.virtio4j.blk.ZoneState.FULL;
import static io.virtio4j.blk.ZoneState.IOPEN;
import static io.virtio4j.blk.ZoneState.NOT_WP;
import static io.virtio4j.blk.ZoneState.OFFLINE;
import static io.virtio4j.blk.ZoneState.RDONLY;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The zone state machine, without queues and data. Zone 0 is conventional, zones 1 to 7 are not. */
class ZonedDiskTest {

    private static final long SIZE = 64;
    static final long CAPACITY = 48;
    private static final long DISK = 8 * SIZE;

    private static final ZoneLayout LAYOUT = ZoneLayout.hostManaged(SIZE).withCapacity(CAPACITY)
            .withConventionalZones(1).withMaxAppend(16);

    static ZonedDisk disk() {
        return new ZonedDisk(LAYOUT, DISK);
    }

    private static ZonedDisk limited(int open, int active) {
        return new ZonedDisk(LAYOUT.withLimits(open, active), DISK);
    }

    static long at(int zone) {
        return zone * SIZE;
    }

    static ZoneState state(ZonedDisk disk, int zone) {
        return disk.zone(zone).state();
    }

    static long pointer(ZonedDisk disk, int zone) {
        return disk.zone(zone).writePointer() - at(zone);
    }

    static BlockStatus write(ZonedDisk disk, long sector, long sectors) {
        BlockStatus status = disk.admitWrite(sector, sectors);
        if (status == OK) {
            disk.dataWritten(sector, sectors);
            disk.endWrite(sector, sectors, true);
        }
        return status;
    }

    private static BlockStatus append(ZonedDisk disk, int zone, long sectors) {
        BlockStatus status = disk.admitAppend(at(zone), sectors);
        if (status == OK) {
            long sector = disk.writePointer(zone);
            disk.dataWritten(sector, sectors);
            disk.endWrite(sector, sectors, true);
        }
        return status;
    }

    private static BlockStatus reset(ZonedDisk disk, int zone) {
        BlockStatus status = disk.admitReset(at(zone), SIZE);
        if (status == OK) {
            disk.endReset(at(zone), SIZE, true);
        }
        return status;
    }

    /** Brings zone 1 into a state. */
    static ZonedDisk in(ZoneState state) {
        ZonedDisk disk = disk();
        switch (state) {
            case EMPTY -> {}
            case IOPEN -> write(disk, at(1), 8);
            case EOPEN -> {
                write(disk, at(1), 8);
                disk.open(at(1));
            }
            case CLOSED -> {
                write(disk, at(1), 8);
                disk.close(at(1));
            }
            case FULL -> write(disk, at(1), CAPACITY);
            case RDONLY, OFFLINE -> {
                write(disk, at(1), 8);
                disk.fail(1, state);
            }
            case NOT_WP -> throw new IllegalArgumentException("conventional");
        }
        assertEquals(state, state(disk, 1));
        return disk;
    }

    // ── Transitions ────────────────────────────────────────────────────────

    @Test
    void a_fresh_disk_is_empty() {
        ZonedDisk disk = disk();

        assertEquals(8, disk.count());
        assertEquals(new Zone(0, SIZE, 0, ZoneType.CONV, NOT_WP), disk.zone(0));
        for (int zone = 1; zone < 8; zone++) {
            assertEquals(new Zone(at(zone), CAPACITY, at(zone), ZoneType.SWR, EMPTY), disk.zone(zone));
        }
    }

    @ParameterizedTest
    @CsvSource({
            // from,  request, status,           to
            "EMPTY,  OPEN,   OK,               EOPEN",
            "IOPEN,  OPEN,   OK,               EOPEN",
            "EOPEN,  OPEN,   OK,               EOPEN",
            "CLOSED, OPEN,   OK,               EOPEN",
            "FULL,   OPEN,   ZONE_INVALID_CMD, FULL",
            "RDONLY, OPEN,   ZONE_INVALID_CMD, RDONLY",
            "OFFLINE, OPEN,  ZONE_INVALID_CMD, OFFLINE",
            "EMPTY,  CLOSE,  ZONE_INVALID_CMD, EMPTY",
            "IOPEN,  CLOSE,  OK,               CLOSED",
            "EOPEN,  CLOSE,  OK,               CLOSED",
            "CLOSED, CLOSE,  OK,               CLOSED",
            "FULL,   CLOSE,  ZONE_INVALID_CMD, FULL",
            "RDONLY, CLOSE,  ZONE_INVALID_CMD, RDONLY",
            "OFFLINE, CLOSE, ZONE_INVALID_CMD, OFFLINE",
            "EMPTY,  FINISH, OK,               FULL",
            "IOPEN,  FINISH, OK,               FULL",
            "EOPEN,  FINISH, OK,               FULL",
            "CLOSED, FINISH, OK,               FULL",
            "FULL,   FINISH, OK,               FULL",
            "RDONLY, FINISH, ZONE_INVALID_CMD, RDONLY",
            "OFFLINE, FINISH, ZONE_INVALID_CMD, OFFLINE",
            "EMPTY,  RESET,  OK,               EMPTY",
            "IOPEN,  RESET,  OK,               EMPTY",
            "EOPEN,  RESET,  OK,               EMPTY",
            "CLOSED, RESET,  OK,               EMPTY",
            "FULL,   RESET,  OK,               EMPTY",
            "RDONLY, RESET,  ZONE_INVALID_CMD, RDONLY",
            "OFFLINE, RESET, ZONE_INVALID_CMD, OFFLINE",
            "EMPTY,  APPEND, OK,               IOPEN",
            "IOPEN,  APPEND, OK,               IOPEN",
            "EOPEN,  APPEND, OK,               EOPEN",
            "CLOSED, APPEND, OK,               IOPEN",
            "FULL,   APPEND, ZONE_INVALID_CMD, FULL",
            "RDONLY, APPEND, ZONE_INVALID_CMD, RDONLY",
            "OFFLINE, APPEND, ZONE_INVALID_CMD, OFFLINE",
            "EMPTY,  WRITE,  OK,               IOPEN",
            "IOPEN,  WRITE,  OK,               IOPEN",
            "EOPEN,  WRITE,  OK,               EOPEN",
            "CLOSED, WRITE,  OK,               IOPEN",
            "FULL,   WRITE,  ZONE_INVALID_CMD, FULL",
            "RDONLY, WRITE,  ZONE_INVALID_CMD, RDONLY",
            "OFFLINE, WRITE, ZONE_INVALID_CMD, OFFLINE",
    })
    void every_request_in_every_state(ZoneState from, String request, BlockStatus status, ZoneState to) {
        ZonedDisk disk = in(from);

        BlockStatus answer = switch (request) {
            case "OPEN" -> disk.open(at(1));
            case "CLOSE" -> disk.close(at(1));
            case "FINISH" -> disk.finish(at(1));
            case "RESET" -> reset(disk, 1);
            case "APPEND" -> append(disk, 1, 8);
            default -> write(disk, at(1) + pointer(disk, 1), 8);
        };

        assertEquals(status, answer);
        assertEquals(to, state(disk, 1));
    }

    @Test
    void closing_an_open_zone_in_which_nothing_is_written_makes_it_empty() {
        ZonedDisk disk = disk();
        disk.open(at(1));

        assertEquals(OK, disk.close(at(1)));

        assertEquals(EMPTY, state(disk, 1));
    }

    @Test
    void a_zone_written_to_its_capacity_is_full() {
        ZonedDisk disk = disk();

        assertEquals(OK, write(disk, at(1), 40));
        assertEquals(IOPEN, state(disk, 1));
        assertEquals(OK, write(disk, at(1) + 40, 8));

        assertEquals(FULL, state(disk, 1));
    }

    @Test
    void a_reset_takes_the_write_pointer_back() {
        ZonedDisk disk = in(FULL);

        reset(disk, 1);

        assertEquals(0, pointer(disk, 1));
        assertEquals(OK, write(disk, at(1), 8));
    }

    @Test
    void zones_fail_and_never_come_back() {
        ZonedDisk disk = in(IOPEN);

        disk.fail(1, RDONLY);
        disk.fail(1, OFFLINE);

        assertThrows(IllegalArgumentException.class, () -> disk.fail(1, RDONLY));
        assertThrows(IllegalArgumentException.class, () -> disk.fail(1, EMPTY));
        assertEquals(OFFLINE, state(disk, 1));
    }

    // ── Places ─────────────────────────────────────────────────────────────

    @ParameterizedTest
    @ValueSource(longs = {1, 7, 9, 40, 47})
    void a_write_elsewhere_than_at_the_write_pointer_is_unaligned(long from) {
        ZonedDisk disk = in(IOPEN);

        assertEquals(ZONE_UNALIGNED_WP, write(disk, at(1) + from, 1));
        assertEquals(8, pointer(disk, 1));
    }

    @Test
    void a_write_beyond_the_capacity_of_its_zone_is_invalid() {
        ZonedDisk disk = in(IOPEN);

        assertEquals(ZONE_INVALID_CMD, write(disk, at(1) + 8, CAPACITY - 7));
        assertEquals(ZONE_INVALID_CMD, write(disk, at(1) + 8, SIZE));
        assertEquals(OK, write(disk, at(1) + 8, CAPACITY - 8));
    }

    @Test
    void an_append_beyond_what_is_left_or_allowed_is_invalid() {
        ZonedDisk disk = disk();

        assertEquals(ZONE_INVALID_CMD, append(disk, 1, 17));
        write(disk, at(1), 40);
        assertEquals(ZONE_INVALID_CMD, append(disk, 1, 9));
        assertEquals(OK, append(disk, 1, 8));
        assertEquals(FULL, state(disk, 1));
    }

    @Test
    void an_append_names_the_first_sector_of_a_sequential_zone() {
        ZonedDisk disk = disk();

        assertEquals(ZONE_INVALID_CMD, disk.admitAppend(at(1) + 1, 8));
        assertEquals(ZONE_INVALID_CMD, disk.admitAppend(at(0), 8));
    }

    @Test
    void management_names_the_first_sector_of_a_sequential_zone() {
        ZonedDisk disk = in(IOPEN);

        for (long sector : new long[] {at(0), at(1) + 1, at(2) - 1}) {
            assertEquals(ZONE_INVALID_CMD, disk.open(sector));
            assertEquals(ZONE_INVALID_CMD, disk.close(sector));
            assertEquals(ZONE_INVALID_CMD, disk.finish(sector));
            assertEquals(ZONE_INVALID_CMD, disk.checkManaged(sector));
        }
        assertEquals(IOPEN, state(disk, 1));
    }

    @Test
    void ranges_of_a_sequential_zone_stay_inside() {
        ZonedDisk disk = disk();

        assertEquals(ZONE_INVALID_CMD, disk.checkRead(at(2) - 1, 2));
        assertEquals(ZONE_INVALID_CMD, disk.checkRead(at(1) - 1, 2));
        assertEquals(ZONE_INVALID_CMD, write(disk, at(1) - 1, 2));
        assertEquals(OK, disk.checkRead(at(1), SIZE));
    }

    @Test
    void offline_zones_cannot_be_read_and_read_only_ones_can() {
        assertEquals(ZONE_INVALID_CMD, in(OFFLINE).checkRead(at(1), 8));
        assertEquals(OK, in(RDONLY).checkRead(at(1), 8));
    }

    @Test
    void writes_follow_the_write_granularity() {
        ZonedDisk disk = new ZonedDisk(LAYOUT.withWriteGranularity(4096), DISK);

        assertEquals(ZONE_UNALIGNED_WP, write(disk, at(1), 4));
        assertEquals(ZONE_UNALIGNED_WP, append(disk, 1, 4));
        assertEquals(OK, write(disk, at(1), 8));
    }

    // ── Unwritten data ─────────────────────────────────────────────────────

    @Test
    void what_was_written_is_known_by_the_write_pointer() {
        ZonedDisk disk = in(IOPEN);

        assertEquals(8, disk.extent(at(1), at(2)));
        assertEquals(3, disk.extent(at(1) + 5, at(2)));
        assertEquals(-56, disk.extent(at(1) + 8, at(2)));
        assertEquals(-2, disk.extent(at(1) + 8, at(1) + 10));
        assertEquals(SIZE, disk.extent(at(0), at(2)));
    }

    @Test
    void what_a_finished_zone_was_not_written_is_unwritten() {
        ZonedDisk disk = in(IOPEN);
        disk.finish(at(1));

        assertEquals(8, disk.extent(at(1), at(2)));
        assertEquals(-56, disk.extent(at(1) + 8, at(2)));
    }

    @Test
    void nothing_is_written_beyond_the_capacity() {
        assertEquals(-16, in(FULL).extent(at(1) + CAPACITY, at(2)));
    }

    // ── Limits ─────────────────────────────────────────────────────────────

    @Test
    void implicitly_open_zones_make_room_the_oldest_first() {
        ZonedDisk disk = limited(2, 0);
        write(disk, at(1), 8);
        write(disk, at(2), 8);

        assertEquals(OK, write(disk, at(3), 8));

        assertEquals(List.of(CLOSED, IOPEN, IOPEN), List.of(state(disk, 1), state(disk, 2), state(disk, 3)));
    }

    @Test
    void explicit_opening_makes_room_too() {
        ZonedDisk disk = limited(1, 0);
        write(disk, at(1), 8);

        assertEquals(OK, disk.open(at(2)));

        assertEquals(CLOSED, state(disk, 1));
    }

    @Test
    void explicitly_open_zones_stay_open() {
        ZonedDisk disk = limited(2, 0);
        disk.open(at(1));
        disk.open(at(2));

        assertEquals(ZONE_OPEN_RESOURCE, write(disk, at(3), 8));
        assertEquals(ZONE_OPEN_RESOURCE, append(disk, 3, 8));
        assertEquals(ZONE_OPEN_RESOURCE, disk.open(at(3)));
        assertEquals(EMPTY, state(disk, 3));
    }

    @Test
    void closed_zones_count_as_active() {
        ZonedDisk disk = limited(0, 2);
        write(disk, at(1), 8);
        write(disk, at(2), 8);
        disk.close(at(1));

        assertEquals(ZONE_ACTIVE_RESOURCE, write(disk, at(3), 8));
        assertEquals(ZONE_ACTIVE_RESOURCE, disk.open(at(3)));
        assertEquals(OK, disk.open(at(1)));
    }

    @Test
    void with_both_limits_passed_the_active_one_is_told() {
        ZonedDisk disk = limited(1, 1);
        disk.open(at(1));

        assertEquals(ZONE_ACTIVE_RESOURCE, disk.open(at(2)));
    }

    @ParameterizedTest
    @EnumSource(names = {"EMPTY", "FULL"})
    void a_zone_that_leaves_gives_its_resources_back(ZoneState to) {
        ZonedDisk disk = limited(1, 1);
        disk.open(at(1));
        if (to == FULL) {
            disk.finish(at(1));
        } else {
            reset(disk, 1);
        }

        assertEquals(OK, disk.open(at(2)));
    }

    @Test
    void zones_that_fail_give_their_resources_back() {
        ZonedDisk disk = limited(1, 1);
        disk.open(at(1));
        disk.fail(1, OFFLINE);

        assertEquals(OK, disk.open(at(2)));
    }

    // ── Requests in flight ─────────────────────────────────────────────────

    @Test
    void a_zone_that_is_written_is_busy() {
        ZonedDisk disk = disk();
        disk.admitWrite(at(1), 8);

        assertNull(disk.admitWrite(at(1) + 8, 8));
        assertNull(disk.admitAppend(at(1), 8));
        assertNull(disk.open(at(1)));
        assertNull(disk.close(at(1)));
        assertNull(disk.finish(at(1)));
        assertNull(disk.admitReset(at(1), SIZE));
        assertEquals(OK, disk.admitWrite(at(2), 8));
        assertEquals(OK, disk.checkRead(at(1), 8));
    }

    @Test
    void a_zone_that_is_reset_is_busy() {
        ZonedDisk disk = in(FULL);
        disk.admitReset(at(1), SIZE);

        assertNull(disk.open(at(1)));
        assertNull(disk.close(at(1)));
        assertNull(disk.finish(at(1)));
        assertNull(disk.admitWrite(at(1), 8));
        assertNull(disk.admitReset(at(1), SIZE));
    }

    @Test
    void a_busy_zone_is_closed_to_make_room_when_it_is_not_any_more() {
        ZonedDisk disk = limited(1, 0);
        disk.admitWrite(at(1), 8);

        assertNull(disk.admitWrite(at(2), 8));
        assertNull(disk.open(at(2)));
        disk.dataWritten(at(1), 8);
        disk.endWrite(at(1), 8, true);

        assertEquals(OK, disk.admitWrite(at(2), 8));
        assertEquals(CLOSED, state(disk, 1));
    }

    @ParameterizedTest
    @EnumSource(names = {"EMPTY", "IOPEN", "EOPEN", "CLOSED"})
    void a_write_that_failed_leaves_the_zone_as_it_was(ZoneState before) {
        ZonedDisk disk = in(before);
        long pointer = pointer(disk, 1);
        disk.admitWrite(at(1) + pointer, 8);

        disk.dataWritten(at(1) + pointer, 8);
        disk.endWrite(at(1) + pointer, 8, false);

        assertEquals(before, state(disk, 1));
        assertEquals(pointer, pointer(disk, 1));
        assertEquals(OK, write(disk, at(1) + pointer, 8));
    }

    @Test
    void a_zone_that_fails_while_it_is_written_stays_failed() {
        for (boolean success : new boolean[] {false, true}) {
            ZonedDisk disk = disk();
            disk.admitWrite(at(1), CAPACITY);
            disk.fail(1, RDONLY);

            disk.dataWritten(at(1), CAPACITY);
            disk.endWrite(at(1), CAPACITY, success);

            assertEquals(RDONLY, state(disk, 1));
        }
    }

    // ── Host-aware ─────────────────────────────────────────────────────────

    private static ZonedDisk aware(int open, int active) {
        return new ZonedDisk(ZoneLayout.hostAware(SIZE).withLimits(open, active), DISK);
    }

    @Test
    void preferred_zones_are_written_anywhere_and_across() {
        ZonedDisk disk = aware(0, 0);

        assertEquals(OK, write(disk, at(1) + 32, 8));
        assertEquals(OK, write(disk, at(1) + 3, 1));
        assertEquals(OK, write(disk, at(2) - 4, 8));
        assertEquals(OK, write(disk, at(1), SIZE));

        assertEquals(FULL, state(disk, 1));
        assertEquals(IOPEN, state(disk, 2));
        assertEquals(4, pointer(disk, 2));
        assertEquals(ZoneType.SWP, disk.zone(1).type());
    }

    @Test
    void writing_preferred_zones_is_not_refused_for_limits() {
        ZonedDisk disk = aware(1, 2);
        disk.open(at(0));

        for (int zone = 1; zone < 8; zone++) {
            assertEquals(OK, write(disk, at(zone), 8));
        }

        long open = disk.zone(0).state().isOpen() ? 1 : 0;
        List<ZoneState> states = new ArrayList<>();
        for (int zone = 0; zone < 8; zone++) {
            states.add(state(disk, zone));
        }
        assertEquals(1, open);
        assertEquals(2, states.stream().filter(ZoneState::isActive).count(), states.toString());
    }

    @Test
    void preferred_zones_do_not_take_appends() {
        ZonedDisk disk = new ZonedDisk(ZoneLayout.hostAware(SIZE).withMaxAppend(8), DISK);

        assertEquals(ZONE_INVALID_CMD, disk.admitAppend(at(1), 8));
    }

    // ── All of it ──────────────────────────────────────────────────────────

    /** Whatever is asked for: counts of resources hold, and pointers are where the states say. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void limits_hold_whatever_is_asked_for(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        ZonedDisk disk = limited(2, 3);
        for (int i = 0; i < 20_000; i++) {
            int zone = 1 + random.nextInt(7);
            switch (random.nextInt(6)) {
                case 0 -> disk.open(at(zone));
                case 1 -> disk.close(at(zone));
                case 2 -> disk.finish(at(zone));
                case 3 -> reset(disk, zone);
                case 4 -> append(disk, zone, 1 + random.nextInt(16));
                default -> write(disk, at(zone) + pointer(disk, zone), 1 + random.nextInt(20));
            }
            assertConsistent(disk);
        }
    }

    static List<Zone> zones(ZonedDisk disk) {
        List<Zone> zones = new ArrayList<>();
        for (int zone = 0; zone < disk.count(); zone++) {
            zones.add(disk.zone(zone));
        }
        return zones;
    }

    private static void assertConsistent(ZonedDisk disk) {
        List<Zone> zones = zones(disk);
        assertTrue(zones.stream().filter(zone -> zone.state().isOpen()).count() <= 2);
        assertTrue(zones.stream().filter(zone -> zone.state().isActive()).count() <= 3);
        for (Zone zone : zones.subList(1, 8)) {
            long written = zone.writePointer() - zone.start();
            boolean fits = switch (zone.state()) {
                case EMPTY -> written == 0;
                case IOPEN, CLOSED -> written > 0 && written < CAPACITY;
                case EOPEN -> written < CAPACITY;
                default -> written <= CAPACITY;
            };
            assertTrue(fits, zone.toString());
        }
    }
}
