// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.blk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.device.FeatureSet;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.conformance.Normative;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** [Block Device / Device Initialization] */
class BlockDeviceInitializationTest {

    private static final long ZONE = 128;
    private static final ZoneLayout HOST_MANAGED = ZoneLayout.hostManaged(ZONE);

    private static MemoryBackend memory() {
        return new MemoryBackend(1 << 20);
    }

    private static Disk zoned(ZoneLayout layout) {
        return Disk.of(BlockDevice.of(memory()).zones(layout).build());
    }

    private static long config(Disk disk, int offset, int width) {
        return disk.driver().port().readConfig(offset, width);
    }

    private static int writeback(Disk disk) {
        return (int) config(disk, 32, 1);
    }

    // ── Features ───────────────────────────────────────────────────────────

    @Test
    @Normative("BLK-1")
    void flush_is_offered_wherever_config_wce_is() {
        List<BlockDevice> devices = new ArrayList<>();
        for (boolean flush : new boolean[] {false, true}) {
            for (boolean configWce : new boolean[] {false, true}) {
                devices.add(BlockDevice.of(memory()).flush(flush).configWce(configWce).build());
            }
        }

        for (BlockDevice device : devices) {
            FeatureSet offered = device.offeredFeatures();
            assertTrue(offered.has(BlockFeature.FLUSH) || !offered.has(BlockFeature.CONFIG_WCE));
        }
        assertTrue(new BlockDevice(memory()).offeredFeatures().has(BlockFeature.FLUSH));
        assertTrue(new BlockDevice(memory()).offeredFeatures().has(BlockFeature.CONFIG_WCE));
    }

    @Test
    @Normative("BLK-2")
    void config_wce_without_flush_starts_with_writethrough() {
        DriverOptions options = DriverOptions.split().without(BlockFeature.FLUSH);

        try (Disk disk = Disk.of(new BlockDevice(memory()), options)) {
            assertEquals(0, writeback(disk));
        }
    }

    @Test
    void with_flush_the_device_starts_with_writeback() {
        try (Disk disk = Disk.of(memory())) {
            assertEquals(1, writeback(disk));
        }
    }

    @Test
    void the_embedder_may_start_with_writethrough() {
        try (Disk disk = Disk.of(BlockDevice.of(memory()).writeback(false).build())) {
            assertEquals(0, writeback(disk));
        }
    }

    @Test
    void the_mode_is_the_first_one_again_after_a_reset() {
        try (Disk disk = Disk.of(memory())) {
            disk.driver().port().writeConfig(32, 1, 0);

            disk.start(DriverOptions.split());

            assertEquals(1, writeback(disk));
        }
    }

    @Test
    @Normative("BLK-3")
    void padding_is_zero() {
        BlockDevice device = BlockDevice.of(memory()).queues(4).secureErase(RangeLimits.DEFAULT)
                .geometry(new BlockGeometry(65535, 255, 255))
                .topology(new BlockTopology(3, 255, 65535, 0xFFFF_FFFFL)).build();

        try (Disk disk = Disk.of(device)) {
            assertEquals(0, config(disk, 33, 1));
            assertEquals(0, config(disk, 57, 1));
            assertEquals(0, config(disk, 58, 2));
        }
    }

    @Test
    @Normative("BLK-4")
    void a_disk_without_zones_does_not_offer_zoned() {
        assertFalse(new BlockDevice(memory()).offeredFeatures().has(BlockFeature.ZONED));
    }

    // ── Zones ──────────────────────────────────────────────────────────────

    @ParameterizedTest
    @EnumSource(value = ZoneModel.class, names = {"NONE", "HOST_AWARE"})
    @Normative("BLK-6")
    void declining_zoned_clears_the_zone_fields(ZoneModel model) {
        ZoneLayout layout = model == ZoneModel.NONE ? ZoneLayout.driveManaged() : ZoneLayout.hostAware(ZONE);
        Disk disk = Disk.unstarted(BlockDevice.of(memory()).zones(layout).build());

        try (disk) {
            disk.start(DriverOptions.split().without(BlockFeature.ZONED));

            for (int offset = 72; offset < 96; offset += 4) {
                assertEquals(0, config(disk, offset, 4), "offset " + offset);
            }
            byte[] data = Disk.pattern(1, 1024);
            assertEquals(Disk.OK, disk.write(3, data).status());
        }
    }

    @Test
    void zone_fields_are_back_for_the_next_driver() {
        Disk disk = Disk.unstarted(BlockDevice.of(memory()).zones(ZoneLayout.hostAware(ZONE)).build());

        try (disk) {
            disk.start(DriverOptions.split().without(BlockFeature.ZONED));
            assertEquals(0, config(disk, 72, 4));

            disk.driver().reset();
            assertEquals(ZONE, config(disk, 72, 4), "before anything is negotiated");
            disk.start(DriverOptions.split());
            assertEquals(ZONE, config(disk, 72, 4));
        }
    }

    @Test
    @Normative("BLK-7")
    void a_host_managed_disk_refuses_drivers_without_zoned() {
        Disk disk = Disk.unstarted(BlockDevice.of(memory()).zones(HOST_MANAGED).build());

        try (disk) {
            disk.driver().reset();

            assertFalse(disk.driver().tryNegotiate(DriverOptions.split().without(BlockFeature.ZONED)));
        }
    }

    @Test
    @Normative("BLK-8")
    void model_says_how_the_disk_is_used() {
        try (Disk none = zoned(ZoneLayout.driveManaged()); Disk managed = zoned(HOST_MANAGED);
                Disk aware = zoned(ZoneLayout.hostAware(ZONE))) {
            assertEquals(0, config(none, 92, 1));
            assertEquals(1, config(managed, 92, 1));
            assertEquals(2, config(aware, 92, 1));
        }
    }

    @Test
    @Normative({"BLK-9", "BLK-10"})
    void zone_sectors_is_the_size_of_all_zones_but_the_last() {
        BlockDevice device = BlockDevice.of(memory()).capacity(3 * ZONE + 8).zones(HOST_MANAGED).build();

        try (Disk disk = Disk.of(device)) {
            long zoneSectors = config(disk, 72, 4);
            var report = disk.request(Disk.ZONE_REPORT, 0, new byte[0], 64 * 6).littleEndian();

            assertEquals(ZONE, zoneSectors);
            assertEquals(4, report.getLong(0));
            for (int zone = 0; zone < 4; zone++) {
                assertEquals(zone * zoneSectors, report.getLong(64 + 64 * zone + 8));
            }
            assertEquals(8, report.getLong(64 + 64 * 3));
        }
    }

    @Test
    @Normative("BLK-11")
    void max_open_zones_is_how_many_zones_open() {
        try (Disk disk = zoned(HOST_MANAGED.withLimits(3, 0))) {
            long most = config(disk, 76, 4);

            assertEquals(3, most);
            for (int zone = 0; zone < most; zone++) {
                assertEquals(Disk.OK, disk.zone(Disk.ZONE_OPEN, zone * ZONE).status());
            }
            assertEquals(Disk.OPEN_RESOURCE, disk.zone(Disk.ZONE_OPEN, most * ZONE).status());
            assertEquals(Disk.OPEN_RESOURCE, disk.write(most * ZONE, new byte[512]).status());
        }
    }

    @Test
    @Normative("BLK-12")
    void max_active_zones_is_how_many_zones_are_open_or_closed() {
        try (Disk disk = zoned(HOST_MANAGED.withLimits(0, 3))) {
            long most = config(disk, 80, 4);

            assertEquals(3, most);
            for (int zone = 0; zone < most; zone++) {
                assertEquals(Disk.OK, disk.write(zone * ZONE, new byte[512]).status());
                assertEquals(Disk.OK, disk.zone(Disk.ZONE_CLOSE, zone * ZONE).status());
            }
            assertEquals(Disk.ACTIVE_RESOURCE, disk.zone(Disk.ZONE_OPEN, most * ZONE).status());
        }
    }

    @Test
    @Normative("BLK-13")
    void max_append_sectors_is_the_largest_append_that_succeeds() {
        try (Disk disk = zoned(HOST_MANAGED.withMaxAppend(16))) {
            int most = (int) config(disk, 84, 4);

            assertEquals(16, most);
            assertEquals(Disk.OK,
                    disk.request(Disk.ZONE_APPEND, 0, new byte[most * 512], 8).status());
            assertEquals(Disk.INVALID,
                    disk.request(Disk.ZONE_APPEND, 0, new byte[most * 512 + 512], 8).status());
        }
    }

    @Test
    @Normative("BLK-14")
    void max_append_sectors_stays_within_the_segments() {
        try (Disk disk = zoned(HOST_MANAGED)) {
            long append = config(disk, 84, 4) * 512;

            assertTrue(append > 0);
            assertTrue(append <= config(disk, 8, 4) * config(disk, 12, 4));
        }
        IllegalArgumentException refusal = assertThrows(IllegalArgumentException.class,
                () -> BlockDevice.of(memory()).zones(HOST_MANAGED.withMaxAppend(64)).sizeMax(4096).segMax(4)
                        .build());
        assertEquals("zone appends pass segMax * sizeMax: use a larger sizeMax, or ZoneLayout.withMaxAppend:"
                + " maxAppendSectors=64 segMax=4 sizeMax=4096", refusal.getMessage());
    }

    @Test
    @Normative("BLK-15")
    void max_append_sectors_may_be_zero() {
        try (Disk disk = zoned(HOST_MANAGED.withMaxAppend(0))) {
            assertEquals(0, config(disk, 84, 4));
            assertEquals(Disk.UNSUPP, disk.request(Disk.ZONE_APPEND, 0, new byte[512], 8).status());
        }
    }

    @Test
    @Normative("BLK-16")
    void write_granularity_is_what_writes_are_aligned_to() {
        try (Disk disk = zoned(HOST_MANAGED.withWriteGranularity(4096))) {
            int granularity = (int) config(disk, 88, 4);

            assertEquals(4096, granularity);
            assertEquals(Disk.OK, disk.write(0, new byte[granularity]).status());
            assertEquals(Disk.UNALIGNED, disk.write(8, new byte[512]).status());
            assertEquals(Disk.UNALIGNED, disk.request(Disk.ZONE_APPEND, 0, new byte[512], 8).status());
            assertEquals(Disk.OK,
                    disk.request(Disk.ZONE_APPEND, 0, new byte[granularity], 8).status());
        }
    }

    /** What is no whole blocks cannot be sent by a driver that keeps to them. */
    @Test
    @Normative("BLK-16")
    void write_granularity_is_whole_blocks() {
        BlockDeviceBuilder builder = BlockDevice.of(memory()).blockSize(4096).zones(HOST_MANAGED);

        IllegalArgumentException refusal = assertThrows(IllegalArgumentException.class, builder::build);

        assertEquals("zones are written in whole blocks: use ZoneLayout.withWriteGranularity, or a smaller"
                + " blockSize: writeGranularity=512 blockSize=4096", refusal.getMessage());
        builder.zones(HOST_MANAGED.withWriteGranularity(4096)).build();
    }

    @Test
    @Normative("BLK-17")
    void padding_of_the_zone_fields_is_zero() {
        try (Disk disk = zoned(HOST_MANAGED)) {
            assertEquals(0, config(disk, 93, 1));
            assertEquals(0, config(disk, 94, 2));
        }
    }

    // ── What was configured ────────────────────────────────────────────────

    @Test
    void fields_hold_what_was_configured() {
        BlockDevice device = BlockDevice.of(memory()).capacity(1000).blockSize(4096).queues(3).queueSize(128)
                .sizeMax(65536).segMax(100)
                .geometry(new BlockGeometry(0x1234, 0x56, 0x78))
                .topology(new BlockTopology(3, 1, 8, 64))
                .discard(new RangeLimits(11, 12, 13))
                .writeZeroes(new RangeLimits(21, 22, 23))
                .secureErase(new RangeLimits(31, 32, 33)).build();

        try (Disk disk = Disk.of(device)) {
            assertEquals(1000, config(disk, 0, 8));
            assertEquals(65536, config(disk, 8, 4));
            assertEquals(100, config(disk, 12, 4));
            assertEquals(0x78561234L, config(disk, 16, 4));
            assertEquals(4096, config(disk, 20, 4));
            assertEquals(0x0008_0103L, config(disk, 24, 4));
            assertEquals(64, config(disk, 28, 4));
            assertEquals(3, config(disk, 34, 2));
            assertEquals(List.of(11L, 12L, 13L),
                    List.of(config(disk, 36, 4), config(disk, 40, 4), config(disk, 44, 4)));
            assertEquals(List.of(21L, 22L), List.of(config(disk, 48, 4), config(disk, 52, 4)));
            assertEquals(List.of(31L, 32L, 33L),
                    List.of(config(disk, 60, 4), config(disk, 64, 4), config(disk, 68, 4)));
            assertEquals(3, disk.driver().queues().size());
        }
    }

    @Test
    void segments_are_fewer_than_the_entries_of_a_queue() {
        try (Disk disk = Disk.of(BlockDevice.of(memory()).queueSize(64).build())) {
            assertEquals(62, config(disk, 12, 4));
        }
        IllegalArgumentException refusal = assertThrows(IllegalArgumentException.class,
                () -> BlockDevice.of(memory()).queueSize(64).segMax(63).build());
        assertEquals("segMax has to be 1 to 62, the queue's size without header and status: segMax=63",
                refusal.getMessage());
    }
}
