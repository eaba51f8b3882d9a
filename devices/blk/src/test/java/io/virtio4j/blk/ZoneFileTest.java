// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.blk;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.wire.StateException;
import io.virtio4j.testkit.DriverOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The zones of a disk in its next life. */
class ZoneFileTest {

    private static final int ZONE = 64;
    private static final int SIZE = 8 * ZONE * 512;

    @TempDir
    private Path directory;

    private Path path;

    @BeforeEach
    void name() {
        path = directory.resolve("disk.zones");
    }

    // ── The file ───────────────────────────────────────────────────────────

    @Test
    void the_last_that_was_stored_is_loaded() throws IOException {
        for (int i = 1; i <= 5; i++) {
            byte[] content = Disk.pattern(i, 5000);
            try (ZoneFile file = ZoneFile.open(path)) {
                byte[] before = file.load();
                assertTrue(i == 1 ? before == null : Arrays.equals(Disk.pattern(i - 1, 5000), before));
                file.store(Disk.pattern(99, 5000));
                file.store(content);
                assertArrayEquals(content, file.load());
            }
        }
    }

    /** Whatever part of a store got through: the file holds the old content or the new one. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3})
    void a_torn_store_leaves_the_one_before(int stores) throws IOException {
        try (ZoneFile file = ZoneFile.open(path)) {
            for (int i = 0; i < stores; i++) {
                file.store(Disk.pattern(i, 5000));
            }
        }
        byte[] before = stores == 0 ? new byte[2 * 8192] : Files.readAllBytes(path);
        try (ZoneFile file = ZoneFile.open(path)) {
            file.load();
            file.store(Disk.pattern(stores, 5000));
        }
        byte[] after = Files.readAllBytes(path);

        for (int cut = 0; cut <= after.length; cut += 512) {
            byte[] torn = before.clone();
            System.arraycopy(after, 0, torn, 0, cut);
            byte[] reversed = before.clone();
            System.arraycopy(after, cut, reversed, cut, after.length - cut);
            for (byte[] image : List.of(torn, reversed)) {
                Files.write(path, image);
                try (ZoneFile file = ZoneFile.open(path)) {
                    byte[] loaded = file.load();
                    boolean old = stores == 0 ? loaded == null
                            : Arrays.equals(Disk.pattern(stores - 1, 5000), loaded);
                    assertTrue(old || Arrays.equals(Disk.pattern(stores, 5000), loaded), "cut=" + cut);
                }
            }
        }
    }

    @Test
    void a_file_of_which_no_slot_is_whole_is_refused() throws IOException {
        try (ZoneFile file = ZoneFile.open(path)) {
            file.store(new byte[100]);
            file.store(new byte[100]);
        }
        byte[] bytes = Files.readAllBytes(path);
        bytes[30]++;
        bytes[bytes.length / 2 + 30]++;
        Files.write(path, bytes);

        try (ZoneFile file = ZoneFile.open(path)) {
            IOException refusal = assertThrows(IOException.class, file::load);
            assertTrue(refusal.getMessage().startsWith("no slot of the file is whole: remove it"));
        }
    }

    @Test
    void a_fresh_file_has_nothing() throws IOException {
        try (ZoneFile file = ZoneFile.open(path)) {
            assertNull(file.load());
        }
    }

    // ── The disk ───────────────────────────────────────────────────────────

    private Disk open(BlockBackend backend, ZoneStore store, DriverOptions options) {
        return Disk.of(BlockDevice.of(backend).zones(ZoneLayout.hostManaged(ZONE)).zoneStore(store)
                .forceThread(Runnable::run).build(), options);
    }

    @Test
    void an_image_keeps_its_zones() throws IOException {
        Path image = directory.resolve("disk.img");
        byte[] data = Disk.pattern(1, 8 * 512);
        try (FileBackend file = FileBackend.create(image, SIZE); ZoneFile zones = ZoneFile.open(path);
                Disk disk = open(file, zones, DriverOptions.split())) {
            disk.write(0, data);
            disk.zone(Disk.ZONE_OPEN, ZONE);
            disk.write(2 * ZONE, new byte[ZONE * 512]);
            assertEquals(Disk.OK, disk.flush().status());
        }
        try (FileBackend file = FileBackend.open(image); ZoneFile zones = ZoneFile.open(path);
                Disk disk = open(file, zones, DriverOptions.split())) {
            List<Zone> found = disk.device().zones();
            assertEquals(ZoneState.CLOSED, found.get(0).state());
            assertEquals(8, found.get(0).writePointer());
            assertEquals(ZoneState.EMPTY, found.get(1).state());
            assertEquals(ZoneState.FULL, found.get(2).state());
            assertArrayEquals(data, disk.read(0, data.length).data());
            assertEquals(Disk.OK, disk.write(8, data).status());
        }
    }

    /** Remembers what was stored, and when. */
    private static final class Journal implements ZoneStore {
        private final List<String> calls;
        private byte[] stored;
        private String failure;

        Journal(List<String> calls) {
            this.calls = calls;
        }

        @Override
        public byte[] load() {
            return stored;
        }

        @Override
        public void store(byte[] zones) throws IOException {
            if (failure != null) {
                throw new IOException(failure);
            }
            calls.add("zones");
            stored = zones;
        }
    }

    private final List<String> calls = new ArrayList<>();
    private final Journal journal = new Journal(calls);

    private BlockBackend recorded() {
        RecordedStorage storage = new RecordedStorage(SIZE, new AtomicLong());
        return new FaultyBackend(storage.backend()).injectAlways(FaultyBackend.Call.FORCE, transfer -> {
            calls.add("data");
            transfer.all();
        });
    }

    @Test
    void data_is_forced_before_the_zones_are_stored() {
        try (Disk disk = open(recorded(), journal, DriverOptions.split())) {
            disk.write(0, new byte[512]);
            assertEquals(List.of(), calls);
            disk.flush();
            assertEquals(List.of("data", "zones"), calls);
            disk.flush();
            assertEquals(List.of("data", "zones", "data"), calls);
        }
    }

    @Test
    void what_was_reset_and_finished_is_stored_at_once() {
        try (Disk disk = open(recorded(), journal, DriverOptions.split())) {
            disk.write(0, new byte[512]);
            disk.zone(Disk.ZONE_FINISH, 0);
            assertEquals(List.of("data", "zones"), calls);
            disk.zone(Disk.ZONE_RESET, 0);
            assertEquals(List.of("data", "zones", "data", "zones"), calls);
            disk.write(ZONE, new byte[512]);
            disk.zone(Disk.ZONE_RESET_ALL, 0);
            assertEquals(6, calls.size());
        }
    }

    @Test
    void a_write_that_has_to_be_durable_is_in_the_zones_that_are_stored() {
        BlockBackend backend = recorded();
        try (Disk disk = open(backend, journal, DriverOptions.split().without(BlockFeature.FLUSH))) {
            assertEquals(Disk.OK, disk.write(0, new byte[8 * 512]).status());
        }
        try (Disk disk = open(backend, journal, DriverOptions.split())) {
            assertEquals(8, disk.device().zones().getFirst().writePointer());
        }
    }

    @Test
    void zones_that_cannot_be_stored_are_as_bad_as_data_that_cannot_be_forced() {
        List<BlockFault> faults = new ArrayList<>();
        BlockDevice device = BlockDevice.of(recorded()).zones(ZoneLayout.hostManaged(ZONE)).zoneStore(journal)
                .forceThread(Runnable::run).onFault(faults::add).build();
        try (Disk disk = Disk.of(device)) {
            disk.write(0, new byte[512]);
            journal.failure = "No space left on device";

            assertEquals(Disk.IOERR, disk.flush().status());
            journal.failure = null;
            assertEquals(Disk.IOERR, disk.flush().status());
            assertEquals(Disk.IOERR, disk.zone(Disk.ZONE_RESET, 0).status());
            assertEquals(Disk.IOERR, disk.zone(Disk.ZONE_FINISH, 0).status());

            assertEquals(BlockFault.Kind.ZONES, faults.getFirst().kind());
            assertEquals(1, faults.size());
            assertEquals(1, disk.device().zones().getFirst().writePointer());
        }
    }

    @Test
    void zones_of_another_layout_are_refused() {
        try (Disk disk = open(recorded(), journal, DriverOptions.split())) {
            disk.write(0, new byte[512]);
            disk.flush();
        }
        assertThrows(StateException.class, () -> BlockDevice.of(recorded())
                .zones(ZoneLayout.hostManaged(2 * ZONE)).zoneStore(journal).build());
    }

    @Test
    void a_store_without_zones_is_refused() {
        IllegalArgumentException refusal = assertThrows(IllegalArgumentException.class,
                () -> BlockDevice.of(recorded()).zoneStore(journal).build());

        assertEquals("zoneStore is for disks with zones: use zones(...) too", refusal.getMessage());
    }
}
