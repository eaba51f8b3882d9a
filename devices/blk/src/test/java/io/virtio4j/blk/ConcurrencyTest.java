// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.blk;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.queue.Runner;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.DriverQueue;
import io.virtio4j.testkit.Submitted;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Several queues with a worker each, and as many driver threads. */
class ConcurrencyTest {

    private static final int QUEUES = 3;
    private static final int REQUESTS = 400;

    /** Sectors of one driver thread. */
    private static final int SHARE = 128;
    private static final int SIZE = QUEUES * SHARE * 512;

    @TempDir
    private Path directory;

    private static Disk start(BlockDeviceBuilder builder) {
        return Disk.of(builder.queues(QUEUES).build(), DriverOptions.split(),
                instance -> instance.runner(Runner.workerPerQueue(Thread.ofPlatform().daemon().factory())));
    }

    /** Something that a driver thread does with its queue. */
    private interface Work {
        void run(int queue);
    }

    private static void onEveryQueue(Work work) throws InterruptedException {
        AtomicReference<Throwable> failure = new AtomicReference<>();
        List<Thread> drivers = new ArrayList<>();
        for (int i = 0; i < QUEUES; i++) {
            int queue = i;
            drivers.add(Thread.ofPlatform().start(() -> {
                try {
                    work.run(queue);
                } catch (RuntimeException | Error e) {
                    failure.compareAndSet(null, e);
                }
            }));
        }
        for (Thread driver : drivers) {
            driver.join();
        }
        assertNull(failure.get());
    }

    private static void exercise(Disk disk, int index) {
        DriverQueue queue = disk.driver().queue(index);
        SplittableRandom random = new SplittableRandom(index);
        int first = index * SHARE;
        byte[] expected = new byte[SHARE * 512];
        for (int i = 0; i < REQUESTS; i++) {
            int sectors = 1 + random.nextInt(8);
            int sector = random.nextInt(SHARE - sectors);
            switch (random.nextInt(10)) {
                case 0 -> {
                    Submitted flush = queue.exchange(Disk.bytes(Disk.FLUSH, 0, new byte[0]), 1);
                    assertEquals(Disk.OK, flush.writable()[0]);
                }
                case 1, 2, 3, 4 -> {
                    byte[] data = Disk.pattern(index * 10_000L + i, sectors * 512);
                    Submitted write = queue.exchange(Disk.bytes(Disk.OUT, first + sector, data), 1);
                    assertEquals(Disk.OK, write.writable()[0]);
                    System.arraycopy(data, 0, expected, sector * 512, data.length);
                }
                default -> {
                    int bytes = sectors * 512;
                    Submitted read = queue.exchange(
                            Disk.bytes(Disk.IN, first + sector, new byte[0]), bytes + 1);
                    assertEquals(Disk.OK, read.writable()[bytes]);
                    assertArrayEquals(Arrays.copyOfRange(expected, sector * 512, sector * 512 + bytes),
                            Arrays.copyOf(read.writable(), bytes));
                }
            }
        }
    }

    @Test
    void on_a_file() throws IOException, InterruptedException {
        try (FileBackend file = FileBackend.create(directory.resolve("disk"), SIZE);
                Disk disk = start(BlockDevice.of(file))) {
            onEveryQueue(queue -> exercise(disk, queue));
        }
    }

    @Test
    void on_an_overlay_in_a_file() throws IOException, InterruptedException {
        try (OverlayBackend overlay = OverlayBackend.inFile(
                        new MemoryBackend(SIZE), directory.resolve("overlay"));
                Disk disk = start(BlockDevice.of(overlay))) {
            onEveryQueue(queue -> exercise(disk, queue));
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void on_an_executor(boolean writeback) throws InterruptedException {
        try (ExecutorService executor = Executors.newFixedThreadPool(4);
                Disk disk = start(BlockDevice.of(AsyncBlockBackend.of(new MemoryBackend(SIZE), executor))
                        .writeback(writeback))) {
            onEveryQueue(queue -> exercise(disk, queue));
        }
    }

    /** All threads append to the same zones; every sector is written by exactly one of them. */
    @Test
    void appends_of_all_queues_share_zones() throws InterruptedException {
        int zone = 64;
        int appends = 100;
        try (ExecutorService executor = Executors.newFixedThreadPool(4);
                Disk disk = start(BlockDevice.of(
                                AsyncBlockBackend.of(new MemoryBackend(8 * zone * 512), executor))
                        .zones(ZoneLayout.hostManaged(zone).withLimits(2, 0)))) {
            boolean[] taken = new boolean[8 * zone];
            onEveryQueue(queue -> {
                for (int i = 0; i < appends; i++) {
                    long start = zone * (i % 8L);
                    Submitted append = disk.driver().queue(queue).exchange(
                            Disk.bytes(Disk.ZONE_APPEND, start, new byte[512]), 9);
                    assertEquals(Disk.OK, append.writable()[8]);
                    int sector = append.writable()[0] & 0xFF | (append.writable()[1] & 0xFF) << 8;
                    synchronized (taken) {
                        assertTrue(!taken[sector], "sector " + sector);
                        taken[sector] = true;
                    }
                }
            });
            long written = disk.device().zones().stream()
                    .mapToLong(z -> z.writePointer() - z.start()).sum();
            assertEquals(QUEUES * appends, written);
        }
    }

    /** Each reset leaves requests in work, which end at any time later. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void resets_under_load_leave_nothing_behind(boolean queueResets) {
        SplittableRandom random = new SplittableRandom(1);
        try (ExecutorService executor = Executors.newFixedThreadPool(3);
                Disk disk = start(BlockDevice.of(
                        AsyncBlockBackend.of(new MemoryBackend(SIZE), executor)))) {
            for (int round = 0; round < 300; round++) {
                for (int i = 0; i < 8; i++) {
                    int type = random.nextBoolean() ? Disk.OUT : Disk.FLUSH;
                    byte[] data = new byte[type == Disk.OUT ? 4096 : 0];
                    disk.driver().queue(random.nextInt(QUEUES))
                            .submit(Disk.bytes(type, random.nextInt(SHARE), data), 1);
                }
                if (queueResets) {
                    int queue = random.nextInt(QUEUES);
                    disk.driver().resetQueue(queue);
                    disk.driver().setUpQueue(queue);
                    disk.driver().queues().forEach(DriverQueue::awaitAll);
                } else {
                    disk.start(DriverOptions.split());
                }
            }
            byte[] data = Disk.pattern(1, 4096);
            assertEquals(Disk.OK, disk.write(0, data).status());
            assertArrayEquals(data, disk.read(0, 4096).data());
        }
    }
}
