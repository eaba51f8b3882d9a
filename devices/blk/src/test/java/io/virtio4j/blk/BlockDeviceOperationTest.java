// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.blk;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.blk.Disk.Range;
import io.virtio4j.core.device.Counters;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.InterruptProbe;
import io.virtio4j.testkit.Layout;
import io.virtio4j.testkit.conformance.HostileCase;
import io.virtio4j.testkit.conformance.Normative;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** [Block Device / Device Operation], requests of every device. */
class BlockDeviceOperationTest {

    @TempDir
    private Path directory;

    static Stream<DriverOptions> drivers() {
        return Stream.of(DriverOptions.split(), DriverOptions.packed()).flatMap(options ->
                Stream.concat(Layout.all().stream(), Stream.of(Layout.random(1), Layout.random(2)))
                        .map(options::layout));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("drivers")
    void what_was_written_is_read(DriverOptions options) {
        try (Disk disk = Disk.of(new BlockDevice(new MemoryBackend(1 << 20)), options)) {
            for (int bytes : List.of(512, 4096, 65536 - 512, 70 * 1024)) {
                byte[] data = Disk.pattern(bytes, bytes);

                Disk.Reply written = disk.write(7, data);
                Disk.Reply read = disk.read(7, bytes);

                assertEquals(Disk.OK, written.status());
                assertEquals(1, written.usedLength());
                assertEquals(Disk.OK, read.status());
                assertEquals(bytes + 1, read.usedLength());
                assertArrayEquals(data, read.data());
            }
        }
    }

    @Test
    void sectors_beside_a_write_keep_their_content() {
        try (Disk disk = Disk.of(new MemoryBackend(1 << 20))) {
            byte[] before = Disk.pattern(1, 4096);
            disk.write(0, before);

            disk.write(3, Disk.pattern(2, 512));

            byte[] expected = before.clone();
            System.arraycopy(Disk.pattern(2, 512), 0, expected, 3 * 512, 512);
            assertArrayEquals(expected, disk.read(0, 4096).data());
        }
    }

    @Test
    void get_id_returns_the_serial_padded_with_nul() {
        try (Disk disk = Disk.of(BlockDevice.of(new MemoryBackend(512)).serial("disk-0").build())) {
            Disk.Reply id = disk.request(Disk.GET_ID, 0, new byte[0], 20);

            assertEquals(Disk.OK, id.status());
            assertEquals(21, id.usedLength());
            assertArrayEquals(Arrays.copyOf("disk-0".getBytes(StandardCharsets.US_ASCII), 20), id.data());
        }
    }

    @Test
    void flush_succeeds() {
        try (Disk disk = Disk.of(new MemoryBackend(512))) {
            Disk.Reply flush = disk.flush();

            assertEquals(Disk.OK, flush.status());
            assertEquals(1, flush.usedLength());
        }
    }

    // ── Capacity ───────────────────────────────────────────────────────────

    @Test
    @Normative({"BLK-18", "BLK-19"})
    void a_new_capacity_is_announced_and_used() {
        try (Disk disk = Disk.of(BlockDevice.of(new MemoryBackend(1 << 20)).capacity(8).build())) {
            int generation = disk.driver().port().configGeneration();
            assertEquals(Disk.IOERR, disk.read(8, 512).status());

            disk.device().resize(16);

            assertEquals(16, disk.driver().port().readConfig(0, 8));
            assertNotEquals(generation, disk.driver().port().configGeneration());
            assertEquals(1, disk.driver().port().interrupts().count(InterruptProbe.CONFIGURATION));
            assertEquals(Disk.OK, disk.read(8, 8 * 512).status());
        }
    }

    @Test
    void requests_beyond_a_smaller_capacity_fail() {
        try (Disk disk = Disk.of(new MemoryBackend(16 * 512))) {
            disk.device().resize(8);

            assertEquals(Disk.IOERR, disk.read(8, 512).status());
            assertEquals(Disk.OK, disk.read(7, 512).status());
        }
    }

    @Test
    void a_capacity_is_whole_blocks() {
        BlockDevice device = BlockDevice.of(new MemoryBackend(1 << 20)).blockSize(4096).build();

        IllegalArgumentException refusal =
                assertThrows(IllegalArgumentException.class, () -> device.resize(9));

        assertEquals("capacity has to be whole blocks, at least one: sectors=9 blockSize=4096",
                refusal.getMessage());
    }

    // ── Read-only ──────────────────────────────────────────────────────────

    @Test
    @Normative("BLK-20")
    @HostileCase("BL-4")
    void a_read_only_disk_refuses_what_changes_it() {
        MemoryBackend memory = new MemoryBackend(1 << 20);
        byte[] before = Disk.pattern(1, 4096);
        try (Disk disk = Disk.of(memory)) {
            disk.write(0, before);
        }

        try (Disk disk = Disk.of(new ReadOnlyBackend(memory))) {
            assertTrue(disk.device().offeredFeatures().has(BlockFeature.RO));
            assertEquals(Disk.IOERR, disk.write(0, new byte[512]).status());
            assertEquals(Disk.IOERR, disk.ranges(Disk.DISCARD, new Range(0, 8, 0)).status());
            assertEquals(Disk.IOERR, disk.ranges(Disk.WRITE_ZEROES, new Range(0, 8, 0)).status());
            assertEquals(Disk.IOERR, disk.ranges(Disk.SECURE_ERASE, new Range(0, 8, 0)).status());
            assertEquals(Disk.OK, disk.flush().status());
            assertArrayEquals(before, disk.read(0, 4096).data());
        }
    }

    @Test
    @Normative("BLK-20")
    void read_only_is_the_devices_whatever_the_backend_is() {
        MemoryBackend memory = new MemoryBackend(1 << 20);

        try (Disk disk = Disk.of(BlockDevice.of(memory).readOnly(true).build())) {
            assertEquals(Disk.IOERR, disk.write(0, Disk.pattern(1, 512)).status());
            assertArrayEquals(new byte[512], disk.read(0, 512).data());
        }
    }

    // ── Discard, write zeroes, secure erase ────────────────────────────────

    private static Disk erasable(BlockBackend backend) {
        return Disk.of(BlockDevice.of(backend).secureErase(RangeLimits.DEFAULT).build());
    }

    @ParameterizedTest
    @ValueSource(ints = {Disk.DISCARD, Disk.WRITE_ZEROES, Disk.SECURE_ERASE})
    @Normative("BLK-21")
    void unknown_flags_are_unsupported(int type) {
        try (Disk disk = erasable(new MemoryBackend(1 << 20))) {
            byte[] before = Disk.pattern(1, 4096);
            disk.write(0, before);

            for (int flag = 1; flag < 32; flag++) {
                Range unknown = new Range(0, 8, 1 << flag);
                assertEquals(Disk.UNSUPP, disk.ranges(type, unknown).status());
                assertEquals(Disk.UNSUPP, disk.ranges(type, new Range(0, 8, 0), unknown).status());
            }
            assertArrayEquals(before, disk.read(0, 4096).data());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {Disk.DISCARD, Disk.SECURE_ERASE})
    @Normative("BLK-22")
    void unmap_is_unsupported_where_it_means_nothing(int type) {
        try (Disk disk = erasable(new MemoryBackend(1 << 20))) {
            byte[] before = Disk.pattern(1, 4096);
            disk.write(0, before);

            assertEquals(Disk.UNSUPP, disk.ranges(type, new Range(0, 8, 1)).status());
            assertArrayEquals(before, disk.read(0, 4096).data());
        }
    }

    @Test
    @Normative("BLK-23")
    void discard_gives_storage_back() {
        MemoryBackend memory = new MemoryBackend(1 << 20);
        try (Disk disk = Disk.of(memory)) {
            disk.write(0, Disk.pattern(1, 128 << 10));
            long before = memory.takenBytes();

            assertEquals(Disk.OK, disk.ranges(Disk.DISCARD, new Range(0, 256, 0)).status());

            assertEquals(128 << 10, before);
            assertEquals(0, memory.takenBytes());
        }
    }

    @Test
    @Normative("BLK-24")
    void write_zeroes_with_unmap_gives_storage_back() {
        MemoryBackend memory = new MemoryBackend(1 << 20);
        try (Disk disk = Disk.of(memory)) {
            disk.write(0, Disk.pattern(1, 64 << 10));

            assertEquals(Disk.OK, disk.ranges(Disk.WRITE_ZEROES, new Range(0, 128, 1)).status());

            assertEquals(0, memory.takenBytes());
            assertArrayEquals(new byte[64 << 10], disk.read(0, 64 << 10).data());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    @Normative("BLK-25")
    void sectors_read_as_zeroes_after_write_zeroes(int flags) throws IOException {
        byte[] before = Disk.pattern(1, 400 * 512);
        for (BlockBackend backend : List.of(new MemoryBackend(1 << 20),
                FileBackend.create(directory.resolve("zeroes"), 1 << 20),
                OverlayBackend.inMemory(new MemoryBackend(1 << 20)))) {
            try (backend; Disk disk = Disk.of(backend)) {
                disk.write(0, before);

                Disk.Reply reply = disk.ranges(Disk.WRITE_ZEROES,
                        new Range(3, 1, flags), new Range(100, 200, flags), new Range(399, 1, flags));

                byte[] expected = before.clone();
                Arrays.fill(expected, 3 * 512, 4 * 512, (byte) 0);
                Arrays.fill(expected, 100 * 512, 300 * 512, (byte) 0);
                Arrays.fill(expected, 399 * 512, 400 * 512, (byte) 0);
                assertEquals(Disk.OK, reply.status());
                assertEquals(1, reply.usedLength());
                assertArrayEquals(expected, disk.read(0, before.length).data());
            }
        }
        Files.delete(directory.resolve("zeroes"));
    }

    @Test
    @Normative("BLK-26")
    void may_unmap_tells_whether_zeroes_give_storage_back() {
        try (Disk memory = Disk.of(new MemoryBackend(1 << 20));
                Disk overlay = Disk.of(OverlayBackend.inMemory(new MemoryBackend(1 << 20)))) {
            assertEquals(1, memory.driver().port().readConfig(56, 1));
            assertEquals(0, overlay.driver().port().readConfig(56, 1));
            assertFalse(overlay.device().offeredFeatures().has(BlockFeature.DISCARD));
        }
    }

    @Test
    @Normative("BLK-27")
    void may_unmap_changes_when_the_host_turns_out_not_to_punch() throws IOException {
        Path image = directory.resolve("unpunched");
        FileBackend.create(image, 1 << 20).close();
        HolePuncher unable = new HolePuncher() {
            @Override
            public boolean punch(long offset, long length) {
                return false;
            }

            @Override
            public boolean zero(long offset, long length) {
                return false;
            }

            @Override
            public void close() {}
        };
        try (FileBackend file = FileBackend.open(image, unable); Disk disk = Disk.of(file)) {
            assertEquals(1, disk.driver().port().readConfig(56, 1));
            disk.write(0, Disk.pattern(1, 4096));

            assertEquals(Disk.OK, disk.ranges(Disk.WRITE_ZEROES, new Range(0, 8, 1)).status());

            assertEquals(0, disk.driver().port().readConfig(56, 1));
            assertEquals(1, disk.driver().port().interrupts().count(InterruptProbe.CONFIGURATION));
            assertArrayEquals(new byte[4096], disk.read(0, 4096).data());
        }
    }

    @Test
    void secure_erase_destroys_the_content() {
        MemoryBackend memory = new MemoryBackend(1 << 20);
        try (Disk disk = erasable(memory)) {
            disk.write(0, Disk.pattern(1, 4096));

            assertEquals(Disk.OK, disk.ranges(Disk.SECURE_ERASE, new Range(0, 8, 0)).status());

            assertArrayEquals(new byte[4096], disk.read(0, 4096).data());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {Disk.DISCARD, Disk.WRITE_ZEROES, Disk.SECURE_ERASE})
    void ranges_without_their_feature_are_unsupported(int type) {
        DriverOptions options = DriverOptions.split()
                .without(BlockFeature.DISCARD, BlockFeature.WRITE_ZEROES, BlockFeature.SECURE_ERASE);
        BlockDevice device = BlockDevice.of(new MemoryBackend(1 << 20))
                .secureErase(RangeLimits.DEFAULT).build();
        try (Disk disk = Disk.of(device, options)) {
            assertEquals(Disk.UNSUPP, disk.ranges(type, new Range(0, 8, 0)).status());
        }
    }

    @Test
    void segments_without_sectors_do_nothing() {
        try (Disk disk = Disk.of(new MemoryBackend(1 << 20))) {
            byte[] before = Disk.pattern(1, 512);
            disk.write(0, before);

            assertEquals(Disk.OK, disk.ranges(Disk.WRITE_ZEROES, new Range(0, 0, 0)).status());
            assertArrayEquals(before, disk.read(0, 512).data());
        }
    }

    // ── Lifetime ───────────────────────────────────────────────────────────

    @Test
    @Normative({"BLK-30", "BLK-32"})
    void lifetime_is_what_the_storage_says() {
        BlockDevice device = BlockDevice.of(new MemoryBackend(512))
                .lifetime(() -> new BlockLifetime(2, 11, 1)).build();
        try (Disk disk = Disk.of(device)) {
            Disk.Reply reply = disk.request(Disk.GET_LIFETIME, 0, new byte[0], 6);

            assertTrue(device.offeredFeatures().has(BlockFeature.LIFETIME));
            assertEquals(Disk.OK, reply.status());
            assertEquals(7, reply.usedLength());
            assertArrayEquals(new byte[] {2, 0, 11, 0, 1, 0}, reply.data());
        }
    }

    @ParameterizedTest
    @CsvSource({"4,0,0", "-1,0,0", "0,12,0", "0,0,12", "0,-1,0", "65535,65535,65535"})
    @Normative("BLK-32")
    void reserved_values_of_lifetime_cannot_be_made(int preEol, int typeA, int typeB) {
        assertThrows(IllegalArgumentException.class, () -> new BlockLifetime(preEol, typeA, typeB));
    }

    @Test
    @Normative("BLK-31")
    void without_lifetime_the_feature_is_not_offered() {
        try (Disk disk = Disk.of(new MemoryBackend(512))) {
            assertFalse(disk.device().offeredFeatures().has(BlockFeature.LIFETIME));
            assertEquals(Disk.UNSUPP, disk.request(Disk.GET_LIFETIME, 0, new byte[0], 6).status());
        }
    }

    @Test
    void a_lifetime_that_cannot_be_found_out_is_an_error() {
        List<BlockFault> faults = new ArrayList<>();
        BlockDevice device = BlockDevice.of(new MemoryBackend(512)).onFault(faults::add)
                .lifetime(() -> {
                    throw new IllegalStateException("no answer");
                }).build();
        try (Disk disk = Disk.of(device)) {
            assertEquals(Disk.IOERR, disk.request(Disk.GET_LIFETIME, 0, new byte[0], 6).status());
            assertEquals(BlockFault.Kind.LIFETIME, faults.getFirst().kind());
        }
    }

    // ── Zones that are not there ───────────────────────────────────────────

    @ParameterizedTest
    @ValueSource(ints = {15, 16, 18, 20, 22, 24, 26})
    @Normative("BLK-33")
    void without_zoned_every_zone_request_is_unsupported(int type) {
        BlockDevice aware = BlockDevice.of(new MemoryBackend(1 << 20)).zones(ZoneLayout.hostAware(128))
                .build();
        DriverOptions declined = DriverOptions.split().without(BlockFeature.ZONED);
        try (Disk plain = Disk.of(new MemoryBackend(1 << 20)); Disk zoned = Disk.of(aware, declined)) {
            assertEquals(Disk.UNSUPP, plain.request(type, 0, new byte[512], 128).status());
            assertEquals(Disk.UNSUPP, zoned.request(type, 0, new byte[512], 128).status());
        }
    }

    // ── Counters ───────────────────────────────────────────────────────────

    @Test
    void counters_tell_what_was_done() {
        try (Disk disk = Disk.of(new MemoryBackend(1 << 20))) {
            disk.write(0, new byte[1024]);
            disk.read(0, 512);
            disk.read(1 << 20, 512);
            disk.flush();
            disk.request(99, 0, new byte[0], 0);

            Counters<BlockCounter> counters = disk.device().counters();
            assertEquals(1, counters.get(BlockCounter.WRITES));
            assertEquals(1024, counters.get(BlockCounter.WRITTEN_BYTES));
            assertEquals(1, counters.get(BlockCounter.READS));
            assertEquals(512, counters.get(BlockCounter.READ_BYTES));
            assertEquals(1, counters.get(BlockCounter.FLUSHES));
            assertEquals(1, counters.get(BlockCounter.ERRORS));
            assertEquals(1, counters.get(BlockCounter.UNSUPPORTED));
        }
    }
}
