// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.blk;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.blk.Disk.Range;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.Layout;
import io.virtio4j.testkit.conformance.Normative;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** [Block Device / Device Operation], requests of zoned devices. Zone 0 is conventional, 1 to 7 are not. */
@ParameterizedClass(name = "{0}")
@MethodSource("drivers")
class ZonedOperationTest {

    private static final int ZONE = 64; // sectors
    private static final int CAPACITY = 48;
    private static final ZoneLayout LAYOUT = ZoneLayout.hostManaged(ZONE).withCapacity(CAPACITY)
            .withConventionalZones(1).withMaxAppend(16);

    @Parameter
    private DriverOptions options;

    private final MemoryBackend memory = new MemoryBackend(8 * ZONE * 512);
    private Disk disk;

    static Stream<DriverOptions> drivers() {
        return Stream.of(DriverOptions.split(), DriverOptions.packed().layout(Layout.BYTE_BY_BYTE),
                DriverOptions.split().layout(Layout.INDIRECT));
    }

    @BeforeEach
    void start() {
        disk = zoned(LAYOUT);
    }

    @AfterEach
    void end() {
        disk.close();
    }

    private Disk zoned(ZoneLayout layout) {
        return Disk.of(BlockDevice.of(memory).zones(layout)
                .secureErase(new RangeLimits(8 * ZONE, 8, ZONE)).build(), options);
    }

    private static long at(int zone) {
        return (long) zone * ZONE;
    }

    private ZoneState state(int zone) {
        return report(at(zone), 1).getFirst().state();
    }

    private long pointer(int zone) {
        return report(at(zone), 1).getFirst().writePointer() - at(zone);
    }

    private List<Zone> report(long sector, int room) {
        Disk.Reply reply = disk.request(Disk.ZONE_REPORT, sector, new byte[0], 64 + 64 * room);
        assertEquals(Disk.OK, reply.status());
        ByteBuffer bytes = reply.littleEndian();
        int count = (int) bytes.getLong(0);
        assertEquals(64 + 64 * count + 1, reply.usedLength());
        assertTrue(Stream.iterate(8, i -> i + 1).limit(56).allMatch(i -> bytes.get(i) == 0));
        return Stream.iterate(64, at -> at + 64).limit(count).map(at -> {
            assertTrue(Stream.iterate(26, i -> i + 1).limit(38).allMatch(i -> bytes.get(at + i) == 0));
            return new Zone(bytes.getLong(at + 8), bytes.getLong(at), bytes.getLong(at + 16),
                    ZoneType.values()[bytes.get(at + 24) - 1], ZoneState.of(bytes.get(at + 25)));
        }).toList();
    }

    private int write(int zone, long from, int sectors) {
        return disk.write(at(zone) + from, Disk.pattern(zone, sectors * 512)).status();
    }

    private Disk.Reply append(long sector, byte[] data) {
        return disk.request(Disk.ZONE_APPEND, sector, data, 8);
    }

    private void assertNothingWritten(int zone) {
        assertEquals(0, pointer(zone));
        assertEquals(ZoneState.EMPTY, state(zone));
    }

    // ── Reports ────────────────────────────────────────────────────────────

    @Test
    void a_report_starts_with_the_zone_of_the_sector() {
        write(2, 0, 8);

        assertEquals(List.of(
                new Zone(at(1), CAPACITY, at(1), ZoneType.SWR, ZoneState.EMPTY),
                new Zone(at(2), CAPACITY, at(2) + 8, ZoneType.SWR, ZoneState.IOPEN)), report(at(1) + 17, 2));
    }

    @Test
    void a_report_ends_with_the_last_zone() {
        assertEquals(8, report(0, 20).size());
        assertEquals(1, report(at(7), 20).size());
    }

    @Test
    void a_report_tells_whole_zones_only() {
        Disk.Reply reply = disk.request(Disk.ZONE_REPORT, 0, new byte[0], 64 + 63);

        assertEquals(Disk.OK, reply.status());
        assertEquals(0, reply.littleEndian().getLong(0));
        assertEquals(65, reply.usedLength());
    }

    @Test
    void a_report_of_nothing_or_without_room_is_refused() {
        assertEquals(Disk.INVALID,
                disk.request(Disk.ZONE_REPORT, at(8), new byte[0], 128).status());
        assertEquals(Disk.INVALID, disk.request(Disk.ZONE_REPORT, -1, new byte[0], 128).status());
        assertEquals(Disk.INVALID, disk.request(Disk.ZONE_REPORT, 0, new byte[0], 63).status());
    }

    // ── Management ─────────────────────────────────────────────────────────

    @ParameterizedTest
    @ValueSource(ints = {Disk.ZONE_OPEN, Disk.ZONE_CLOSE, Disk.ZONE_FINISH, Disk.ZONE_RESET})
    @Normative("BLK-34")
    void conventional_zones_are_not_managed(int type) {
        assertEquals(Disk.INVALID, disk.zone(type, 0).status());
        assertEquals(ZoneState.NOT_WP, state(0));
    }

    @Test
    @Normative("BLK-35")
    void conventional_zones_take_no_appends() {
        assertEquals(Disk.INVALID, append(0, new byte[512]).status());
    }

    @Test
    @Normative("BLK-35")
    void preferred_zones_take_no_appends() {
        disk.close();
        disk = zoned(ZoneLayout.hostAware(ZONE).withMaxAppend(16));

        assertEquals(Disk.INVALID, append(at(1), new byte[512]).status());
    }

    @Test
    @Normative("BLK-36")
    void a_full_zone_cannot_be_opened() {
        write(1, 0, CAPACITY);

        assertEquals(Disk.INVALID, disk.zone(Disk.ZONE_OPEN, at(1)).status());
        assertEquals(ZoneState.FULL, state(1));
    }

    @Test
    void zones_are_opened_closed_finished_and_reset() {
        assertEquals(Disk.OK, disk.zone(Disk.ZONE_OPEN, at(1)).status());
        assertEquals(ZoneState.EOPEN, state(1));
        write(1, 0, 8);
        assertEquals(Disk.OK, disk.zone(Disk.ZONE_CLOSE, at(1)).status());
        assertEquals(ZoneState.CLOSED, state(1));
        assertEquals(Disk.OK, disk.zone(Disk.ZONE_FINISH, at(1)).status());
        assertEquals(ZoneState.FULL, state(1));
        assertEquals(Disk.OK, disk.zone(Disk.ZONE_RESET, at(1)).status());
        assertNothingWritten(1);
    }

    @Test
    void a_reset_gives_storage_back() {
        disk.close();
        disk = Disk.of(BlockDevice.of(new MemoryBackend(1 << 20)).zones(ZoneLayout.hostManaged(128)).build());
        MemoryBackend backend = (MemoryBackend) disk.device().syncBackend();
        disk.write(128, Disk.pattern(1, 64 << 10));
        long before = backend.takenBytes();

        disk.zone(Disk.ZONE_RESET, 128);

        assertEquals(64 << 10, before);
        assertEquals(0, backend.takenBytes());
    }

    @Test
    @Normative("BLK-37")
    void opening_beyond_a_limit_changes_nothing() {
        disk.close();
        disk = zoned(LAYOUT.withLimits(1, 2));
        disk.zone(Disk.ZONE_OPEN, at(1));

        assertEquals(Disk.OPEN_RESOURCE, disk.zone(Disk.ZONE_OPEN, at(2)).status());
        assertEquals(ZoneState.EMPTY, state(2));

        write(1, 0, 8);
        disk.zone(Disk.ZONE_CLOSE, at(1));
        write(2, 0, 8);
        disk.zone(Disk.ZONE_CLOSE, at(2));
        assertEquals(Disk.ACTIVE_RESOURCE, disk.zone(Disk.ZONE_OPEN, at(3)).status());
        assertEquals(ZoneState.EMPTY, state(3));
    }

    @Test
    @Normative("BLK-38")
    void empty_and_full_zones_cannot_be_closed() {
        write(2, 0, CAPACITY);

        assertEquals(Disk.INVALID, disk.zone(Disk.ZONE_CLOSE, at(1)).status());
        assertEquals(Disk.INVALID, disk.zone(Disk.ZONE_CLOSE, at(2)).status());
        assertEquals(ZoneState.EMPTY, state(1));
        assertEquals(ZoneState.FULL, state(2));
    }

    @ParameterizedTest
    @ValueSource(strings = {"RDONLY", "OFFLINE"})
    @Normative({"BLK-39", "BLK-40", "BLK-36", "BLK-38"})
    void zones_that_failed_are_not_managed(ZoneState failed) {
        write(1, 0, 8);
        disk.device().failZone(1, failed);

        for (int type : List.of(Disk.ZONE_OPEN, Disk.ZONE_CLOSE, Disk.ZONE_FINISH, Disk.ZONE_RESET)) {
            assertEquals(Disk.INVALID, disk.zone(type, at(1)).status());
            assertEquals(failed, state(1));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {Disk.ZONE_OPEN, Disk.ZONE_CLOSE, Disk.ZONE_FINISH, Disk.ZONE_RESET})
    void management_of_another_than_the_first_sector_is_invalid(int type) {
        write(1, 0, 8);

        assertEquals(Disk.INVALID, disk.zone(type, at(1) + 1).status());
        assertEquals(Disk.INVALID, disk.zone(type, at(8)).status());
        assertEquals(Disk.INVALID, disk.zone(type, -1).status());
        assertEquals(ZoneState.IOPEN, state(1));
    }

    @Test
    void reset_all_resets_what_can_be_reset() {
        write(1, 0, 8);
        write(2, 0, 8);
        disk.zone(Disk.ZONE_CLOSE, at(2));
        disk.zone(Disk.ZONE_OPEN, at(3));
        write(4, 0, CAPACITY);
        disk.device().failZone(5, ZoneState.RDONLY);
        disk.device().failZone(6, ZoneState.OFFLINE);

        assertEquals(Disk.OK, disk.zone(Disk.ZONE_RESET_ALL, 0).status());

        for (int zone : List.of(1, 2, 3, 4, 7)) {
            assertNothingWritten(zone);
        }
        assertEquals(List.of(ZoneState.NOT_WP, ZoneState.RDONLY, ZoneState.OFFLINE),
                List.of(state(0), state(5), state(6)));
    }

    // ── Writing ────────────────────────────────────────────────────────────

    @Test
    @Normative("BLK-41")
    void writing_beyond_a_limit_is_refused() {
        disk.close();
        disk = zoned(LAYOUT.withLimits(1, 2));
        disk.zone(Disk.ZONE_OPEN, at(1));

        assertEquals(Disk.OPEN_RESOURCE, write(2, 0, 8));
        assertEquals(Disk.OPEN_RESOURCE, append(at(2), new byte[512]).status());
        write(1, 0, 8);
        disk.zone(Disk.ZONE_CLOSE, at(1));
        write(2, 0, 8);
        disk.zone(Disk.ZONE_CLOSE, at(2));
        assertEquals(Disk.ACTIVE_RESOURCE, write(3, 0, 8));
        assertEquals(Disk.ACTIVE_RESOURCE, append(at(3), new byte[512]).status());
        assertNothingWritten(3);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 8, 63})
    @Normative("BLK-42")
    void an_append_to_another_than_the_first_sector_is_invalid(long from) {
        assertEquals(Disk.INVALID, append(at(1) + from, new byte[512]).status());
        assertNothingWritten(1);
    }

    @Test
    @Normative("BLK-43")
    void writing_beyond_what_is_left_is_invalid() {
        write(1, 0, CAPACITY - 8);

        assertEquals(Disk.INVALID, write(1, CAPACITY - 8, 9));
        assertEquals(Disk.INVALID, append(at(1), new byte[9 * 512]).status());
        assertEquals(CAPACITY - 8, pointer(1));
        assertEquals(Disk.OK, write(1, CAPACITY - 8, 8));
        assertEquals(Disk.INVALID, append(at(1), new byte[512]).status());
    }

    @Test
    @Normative("BLK-44")
    void an_append_tells_where_its_data_is() {
        write(1, 0, 5);
        byte[] data = Disk.pattern(9, 3 * 512);

        Disk.Reply first = append(at(1), data);
        Disk.Reply second = append(at(1), data);

        assertEquals(Disk.OK, first.status());
        assertEquals(9, first.usedLength());
        assertEquals(at(1) + 5, first.littleEndian().getLong(0));
        assertEquals(at(1) + 8, second.littleEndian().getLong(0));
        assertArrayEquals(data, disk.read(at(1) + 5, data.length).data());
        assertArrayEquals(data, disk.read(at(1) + 8, data.length).data());
    }

    /** Linux pads: append_sector is the first of 16 bytes, the status the last. */
    @Test
    void an_append_with_room_between_sector_and_status_is_served() {
        Disk.Reply reply = disk.request(Disk.ZONE_APPEND, at(1), new byte[512], 15);

        assertEquals(Disk.OK, reply.status());
        assertEquals(at(1), reply.littleEndian().getLong(0));
    }

    @Test
    void an_append_without_room_for_its_sector_is_refused() {
        assertEquals(Disk.IOERR, disk.request(Disk.ZONE_APPEND, at(1), new byte[512], 7).status());
        assertNothingWritten(1);
    }

    @Test
    @Normative("BLK-45")
    void without_appends_they_are_unsupported() {
        disk.close();
        disk = zoned(LAYOUT.withMaxAppend(0));

        assertEquals(Disk.UNSUPP, append(at(1), new byte[512]).status());
        assertEquals(Disk.UNSUPP, append(0, new byte[512]).status());
    }

    @Test
    @Normative("BLK-46")
    void appends_above_the_largest_are_invalid() {
        assertEquals(Disk.INVALID, append(at(1), new byte[17 * 512]).status());
        assertEquals(Disk.INVALID, append(at(7), new byte[100 * 512]).status());
        assertNothingWritten(1);
        assertEquals(Disk.OK, append(at(1), new byte[16 * 512]).status());
    }

    @Test
    @Normative("BLK-47")
    void requests_across_sequential_zones_are_invalid() {
        write(1, 0, CAPACITY);

        assertEquals(Disk.INVALID, disk.read(at(2) - 1, 1024).status());
        assertEquals(Disk.INVALID, disk.write(at(2) - 1, new byte[1024]).status());
        assertEquals(Disk.INVALID, disk.write(at(2), new byte[(ZONE + 1) * 512]).status());
        assertNothingWritten(2);
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 7, 9, 47})
    @Normative("BLK-48")
    void a_write_elsewhere_than_at_the_write_pointer_is_unaligned(long from) {
        write(1, 0, 8);

        assertEquals(Disk.UNALIGNED, write(1, from, 1));
        assertEquals(8, pointer(1));
    }

    @Test
    @Normative("BLK-49")
    void implicitly_open_zones_make_room() {
        disk.close();
        disk = zoned(LAYOUT.withLimits(2, 0));
        write(1, 0, 8);
        write(2, 0, 8);

        assertEquals(Disk.OK, write(3, 0, 8));

        assertEquals(ZoneState.CLOSED, state(1));
        assertEquals(ZoneState.IOPEN, state(3));
    }

    @Test
    @Normative("BLK-50")
    void read_only_zones_are_not_written() {
        write(1, 0, 8);
        disk.device().failZone(1, ZoneState.RDONLY);

        assertEquals(Disk.INVALID, write(1, 8, 8));
        assertEquals(Disk.INVALID, append(at(1), new byte[512]).status());
        assertArrayEquals(Disk.pattern(1, 8 * 512), disk.read(at(1), 8 * 512).data());
    }

    @Test
    @Normative("BLK-51")
    void offline_zones_refuse_everything() {
        write(1, 0, 8);
        disk.device().failZone(1, ZoneState.OFFLINE);

        assertEquals(Disk.INVALID, disk.read(at(1), 512).status());
        assertEquals(Disk.INVALID, write(1, 8, 8));
        assertEquals(Disk.INVALID, append(at(1), new byte[512]).status());
        for (int type : List.of(Disk.ZONE_OPEN, Disk.ZONE_CLOSE, Disk.ZONE_FINISH, Disk.ZONE_RESET)) {
            assertEquals(Disk.INVALID, disk.zone(type, at(1)).status());
        }
        assertEquals(Disk.INVALID, disk.ranges(Disk.WRITE_ZEROES, new Range(at(1) + 8, 8, 0)).status());
        assertEquals(Disk.INVALID, disk.ranges(Disk.SECURE_ERASE, new Range(at(1), ZONE, 0)).status());
    }

    /** Its zones can be looked at, and nothing else. */
    @Test
    @Normative("BLK-20")
    void a_read_only_disk_refuses_what_changes_zones() {
        assertEquals(Disk.OK, disk.write(at(1), new byte[512]).status());
        BlockDevice readOnly = BlockDevice.of(memory).zones(LAYOUT).readOnly(true).build();
        try (Disk other = Disk.of(readOnly, options)) {
            assertEquals(Disk.IOERR, other.request(Disk.ZONE_APPEND, at(2), new byte[512], 8).status());
            for (int type : List.of(Disk.ZONE_OPEN, Disk.ZONE_CLOSE, Disk.ZONE_FINISH, Disk.ZONE_RESET,
                    Disk.ZONE_RESET_ALL)) {
                assertEquals(Disk.IOERR, other.zone(type, at(2)).status(), "type " + type);
            }

            assertEquals(Disk.OK, other.request(Disk.ZONE_REPORT, 0, new byte[0], 128).status());
            for (Zone zone : readOnly.zones().subList(1, 8)) {
                assertEquals(ZoneState.EMPTY, zone.state());
            }
        }
    }

    @Test
    void conventional_zones_are_written_anywhere() {
        byte[] data = Disk.pattern(1, 512);

        assertEquals(Disk.OK, disk.write(40, data).status());
        assertEquals(Disk.OK, disk.write(3, data).status());
        assertArrayEquals(data, disk.read(40, 512).data());
    }

    @Test
    void zeroing_follows_the_write_pointer() {
        write(1, 0, 8);

        assertEquals(Disk.OK, disk.ranges(Disk.WRITE_ZEROES, new Range(at(1) + 8, 8, 0)).status());
        assertEquals(16, pointer(1));
        assertEquals(Disk.UNALIGNED, disk.ranges(Disk.WRITE_ZEROES, new Range(at(1), 8, 0)).status());
        assertArrayEquals(Disk.pattern(1, 8 * 512), disk.read(at(1), 8 * 512).data());
    }

    @Test
    void a_host_managed_disk_does_not_offer_discard() {
        assertTrue(!disk.device().offeredFeatures().has(BlockFeature.DISCARD));
        assertThrows(IllegalArgumentException.class,
                () -> BlockDevice.of(memory).zones(LAYOUT).discard(RangeLimits.DEFAULT).build());
    }

    // ── Unwritten data ─────────────────────────────────────────────────────

    @Test
    @Normative({"BLK-52", "BLK-53"})
    void unwritten_sectors_read_as_zeroes_whatever_the_storage_holds() {
        write(1, 0, CAPACITY);
        disk.zone(Disk.ZONE_RESET, at(1));
        fillStorage(1);

        assertEquals(Disk.OK, write(1, 0, 5));
        Disk.Reply reply = disk.read(at(1), ZONE * 512);

        assertEquals(Disk.OK, reply.status());
        assertEquals(ZONE * 512 + 1, reply.usedLength());
        assertArrayEquals(Arrays.copyOf(Disk.pattern(1, 5 * 512), ZONE * 512), reply.data());
    }

    @Test
    @Normative({"BLK-52", "BLK-53"})
    void what_a_finished_zone_was_not_written_reads_as_zeroes() {
        fillStorage(1);
        write(1, 0, 5);
        disk.zone(Disk.ZONE_FINISH, at(1));

        assertArrayEquals(new byte[512], disk.read(at(1) + 5, 512).data());
        assertArrayEquals(new byte[512], disk.read(at(1) + CAPACITY, 512).data());
    }

    /** What is in the storage from before. */
    private void fillStorage(int zone) {
        try (Disk other = Disk.of(memory)) {
            other.write(at(zone), Disk.pattern(99, ZONE * 512));
        }
    }

    // ── Secure erase ───────────────────────────────────────────────────────

    @Test
    @Normative("BLK-54")
    void erasing_is_aligned_to_zones() {
        assertEquals(0, disk.driver().port().readConfig(68, 4) % disk.driver().port().readConfig(72, 4));
        assertThrows(IllegalArgumentException.class, () -> BlockDevice.of(memory).zones(LAYOUT)
                .secureErase(new RangeLimits(8 * ZONE, 8, ZONE / 2)).build());
    }

    @Test
    @Normative("BLK-55")
    void only_whole_zones_are_erased() {
        write(1, 0, 8);

        for (Range range : List.of(new Range(at(1), ZONE - 1, 0), new Range(at(1), ZONE + 1, 0),
                new Range(at(1) + 1, ZONE, 0), new Range(at(1), 8, 0))) {
            assertEquals(Disk.INVALID, disk.ranges(Disk.SECURE_ERASE, range).status());
        }
        assertEquals(8, pointer(1));
    }

    @Test
    @Normative("BLK-56")
    void erasing_zones_resets_them() {
        for (int zone = 1; zone < 5; zone++) {
            write(zone, 0, 8);
        }

        Disk.Reply reply = disk.ranges(Disk.SECURE_ERASE,
                new Range(at(1), 2 * ZONE, 0), new Range(at(4), ZONE, 0));

        assertEquals(Disk.OK, reply.status());
        for (int zone : List.of(1, 2, 4)) {
            assertNothingWritten(zone);
        }
        assertEquals(8, pointer(3));
        assertEquals(Disk.INVALID, disk.ranges(Disk.SECURE_ERASE, new Range(0, ZONE, 0)).status());
    }

    // ── Host-aware ─────────────────────────────────────────────────────────

    @Test
    void a_host_aware_disk_is_used_like_any_other() {
        disk.close();
        disk = zoned(ZoneLayout.hostAware(ZONE));
        byte[] data = Disk.pattern(1, 100 * 512);

        assertEquals(Disk.OK, disk.write(30, data).status());
        assertArrayEquals(data, disk.read(30, data.length).data());
        assertEquals(Disk.OK, disk.write(30, data).status());
        assertEquals(Disk.OK, disk.ranges(Disk.DISCARD, new Range(at(5), 8, 0)).status());
        assertEquals(Disk.OK,
                disk.ranges(Disk.WRITE_ZEROES, new Range(3, 4, 0), new Range(70, 4, 0)).status());
    }

    @Test
    void a_zone_that_failed_is_an_io_error_to_a_driver_without_zones() {
        disk.close();
        BlockDevice device = BlockDevice.of(memory).zones(ZoneLayout.hostAware(ZONE)).build();
        disk = Disk.of(device, options.without(BlockFeature.ZONED));
        device.failZone(1, ZoneState.OFFLINE);

        assertEquals(Disk.IOERR, disk.read(at(1), 512).status());
        assertEquals(Disk.IOERR, disk.write(at(1), new byte[512]).status());
    }

    @Test
    void a_zoned_disk_keeps_its_size() {
        assertThrows(IllegalStateException.class, () -> disk.device().resize(ZONE));
    }
}
