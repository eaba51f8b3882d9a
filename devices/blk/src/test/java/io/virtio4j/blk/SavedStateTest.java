// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.blk;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.wire.StateException;
import io.virtio4j.core.wire.StateReader;
import io.virtio4j.core.wire.StateWriter;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.DriverQueue;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.conformance.HostileCase;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A device that goes on elsewhere: its cache mode, its zones, and requests in work. */
class SavedStateTest {

    private static final int ZONE = 64;
    private static final ZoneLayout ZONES = ZoneLayout.hostManaged(ZONE).withLimits(3, 4);
    private static final int SIZE = 8 * ZONE * 512;

    private final RecordedStorage storage = new RecordedStorage(SIZE, new AtomicLong());
    private final Deque<Runnable> tasks = new ArrayDeque<>();

    private BlockDevice zoned(boolean async) {
        BlockDeviceBuilder builder = async
                ? BlockDevice.of(AsyncBlockBackend.of(storage.backend(), tasks::add))
                : BlockDevice.of(storage.backend());
        return builder.zones(ZONES).forceThread(tasks::add).build();
    }

    private void settle(Disk disk) {
        disk.driver().runDevice();
        while (!tasks.isEmpty()) {
            tasks.poll().run();
            disk.driver().runDevice();
        }
        disk.driver().queues().forEach(DriverQueue::collect);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void the_cache_mode_comes_along(int writeback) {
        MemoryBackend memory = new MemoryBackend(SIZE);
        try (Disk disk = Disk.of(memory)) {
            disk.driver().port().writeConfig(32, 1, writeback);
            BlockDevice fresh = new BlockDevice(memory);

            disk.driver().migrateTo(fresh);

            assertEquals(writeback == 0, fresh.isWriteThrough());
            assertEquals(writeback, disk.driver().port().readConfig(32, 1));
        }
    }

    @Test
    void the_zones_come_along() {
        BlockDevice device = zoned(false);
        try (Disk disk = Disk.of(device)) {
            disk.write(0, new byte[1024]);
            disk.zone(Disk.ZONE_OPEN, ZONE);
            disk.write(2 * ZONE, new byte[512]);
            disk.zone(Disk.ZONE_CLOSE, 2 * ZONE);
            device.failZone(3, ZoneState.RDONLY);
            List<Zone> before = device.zones();
            BlockDevice fresh = zoned(false);

            disk.driver().migrateTo(fresh);

            assertEquals(before, fresh.zones());
            assertEquals(Disk.OK, disk.write(2, new byte[512]).status());
        }
    }

    /** A write to a zone is done again from where it began, however far it had come. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @HostileCase("MG-3")
    void a_write_to_a_zone_is_done_again(boolean async) {
        DriverOptions forced = DriverOptions.split().without(BlockFeature.FLUSH);
        byte[] data = Disk.pattern(1, 8 * 512);
        for (int steps = 0; steps < 3; steps++) {
            tasks.clear();
            try (Disk disk = Disk.of(zoned(async), forced)) {
                disk.driver().runDevice();
                Submitted write = disk.queue().submit(Disk.bytes(Disk.OUT, 0, data), 1);
                disk.driver().runDevice();
                for (int i = 0; i < steps && !tasks.isEmpty(); i++) {
                    tasks.poll().run();
                }
                assertFalse(write.isUsed());
                List<Runnable> late = List.copyOf(tasks);
                tasks.clear();
                BlockDevice fresh = zoned(async);

                disk.driver().migrateTo(fresh);
                settle(disk);
                late.forEach(Runnable::run); // gives back what the device before had lent

                assertEquals(Disk.OK, write.writable()[0], "steps=" + steps);
                assertEquals(8, fresh.zones().getFirst().writePointer());
                Submitted read = disk.queue().submit(Disk.bytes(Disk.IN, 0, new byte[0]), data.length + 1);
                settle(disk);
                assertArrayEquals(data, Arrays.copyOf(read.written(), data.length));
            }
        }
    }

    @Test
    @HostileCase("MG-3")
    void an_append_that_was_not_answered_is_done_again_at_the_same_place() {
        DriverOptions forced = DriverOptions.split().without(BlockFeature.FLUSH);
        try (Disk disk = Disk.of(zoned(false), forced)) {
            Submitted append = disk.queue().submit(Disk.bytes(Disk.ZONE_APPEND, ZONE, new byte[512]), 9);
            disk.driver().runDevice();
            tasks.clear();
            BlockDevice fresh = zoned(false);

            disk.driver().migrateTo(fresh);
            settle(disk);

            assertEquals(Disk.OK, append.writable()[8]);
            assertEquals(ZONE, append.writable()[0]);
            assertEquals(ZONE + 1, fresh.zones().get(1).writePointer());
        }
    }

    // ── Refusals ───────────────────────────────────────────────────────────

    private static byte[] saved(BlockDevice device) {
        StateWriter out = new StateWriter();
        device.save(out);
        return out.toByteArray();
    }

    @Test
    void the_state_of_another_disk_is_refused() {
        BlockDevice small = new BlockDevice(new MemoryBackend(512));
        BlockDevice large = new BlockDevice(new MemoryBackend(1024));

        StateException refusal = assertThrows(StateException.class,
                () -> large.restore(new StateReader(saved(small))));

        assertTrue(refusal.getMessage().startsWith("saved disk is another:"), refusal.getMessage());
        assertThrows(StateException.class,
                () -> zoned(false).restore(new StateReader(saved(new BlockDevice(new MemoryBackend(SIZE))))));
    }

    @Test
    void damaged_states_of_zones_are_refused_and_change_nothing() {
        BlockDevice device = zoned(false);
        List<Zone> before = device.zones();
        byte[] good = saved(zoned(false));
        int refused = 0;
        for (int at = 0; at < good.length; at++) {
            for (int bit = 0; bit < 8; bit++) {
                byte[] bad = good.clone();
                bad[at] ^= (byte) (1 << bit);
                try {
                    device.restore(new StateReader(bad));
                    device = zoned(false);
                } catch (StateException e) {
                    refused++;
                    assertEquals(before, device.zones());
                }
            }
        }
        assertTrue(refused > good.length, "refused=" + refused);
    }
}
