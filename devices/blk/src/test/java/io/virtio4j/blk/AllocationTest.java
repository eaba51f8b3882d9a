// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.blk;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.virtio4j.testkit.AllocationCheck;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.DriverQueue;
import io.virtio4j.testkit.GuestBuffer;
import io.virtio4j.testkit.Submitted.Descriptor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Executor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Reads and writes allocate nothing, compiled or not. */
class AllocationTest {

    @TempDir
    private Path directory;

    @ParameterizedTest
    @ValueSource(ints = {512, 4096, 128 << 10})
    void on_a_memory_backend(int bytes) {
        try (Disk disk = Disk.of(new MemoryBackend(1 << 20))) {
            assertAllocatesNothing(disk, bytes);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {512, 4096, 128 << 10})
    void on_a_file(int bytes) throws IOException {
        try (FileBackend file = FileBackend.create(directory.resolve("disk"), 1 << 20);
                Disk disk = Disk.of(file)) {
            assertAllocatesNothing(disk, bytes);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {512, 4096, 128 << 10})
    void where_a_backend_says_at_once_that_it_is_done(int bytes) {
        try (Disk disk = Disk.of(new BlockDevice(AsyncBlockBackend.of(new MemoryBackend(1 << 20), Runnable::run)),
                DriverOptions.split())) {
            assertAllocatesNothing(disk, bytes);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {512, 4096, 128 << 10})
    void where_a_backend_says_later_that_it_is_done(int bytes) {
        Deferred later = new Deferred();
        try (Disk disk = Disk.of(new BlockDevice(AsyncBlockBackend.of(new MemoryBackend(1 << 20), later)),
                DriverOptions.split())) {
            assertAllocatesNothing(disk, bytes, () -> {
                disk.driver().instance().poll(100);
                later.runAll();
                disk.driver().instance().poll(100);
            });
        }
    }

    /** An executor that allocates nothing itself, and runs in the test's turn. */
    private static final class Deferred implements Executor {
        private final Runnable[] tasks = new Runnable[2 * AllocationCheck.MANY];
        private int count;

        @Override
        public void execute(Runnable task) {
            tasks[count++] = task;
        }

        void runAll() {
            for (int i = 0; i < count; i++) {
                tasks[i].run();
            }
            count = 0;
        }
    }

    @Test
    void with_packed_rings() {
        try (Disk disk = Disk.of(new BlockDevice(new MemoryBackend(1 << 20)), DriverOptions.packed())) {
            assertAllocatesNothing(disk, 4096);
        }
    }

    private static void assertAllocatesNothing(Disk disk, int bytes) {
        assertAllocatesNothing(disk, bytes, () -> disk.driver().instance().poll(100));
    }

    private static void assertAllocatesNothing(Disk disk, int bytes, Runnable work) {
        List<Descriptor> write = request(disk, Disk.OUT, bytes, false);
        List<Descriptor> read = request(disk, Disk.IN, bytes, true);
        AllocationCheck.assertAllocatesNothing(pairs -> turn(disk, pairs, write, read, work));
    }

    private static List<Descriptor> request(Disk disk, int type, int bytes, boolean toDriver) {
        GuestBuffer header = disk.driver().ram().allocate(16);
        header.write(0, Disk.bytes(type, 8, new byte[0]));
        return List.of(
                new Descriptor(header.address(), 16, false),
                new Descriptor(disk.driver().ram().allocate(bytes).address(), bytes, toDriver),
                new Descriptor(disk.driver().ram().allocate(1).address(), 1, true));
    }

    /** What a turn with so many writes and as many reads allocates. */
    private static long turn(Disk disk, int pairs, List<Descriptor> write, List<Descriptor> read, Runnable work) {
        DriverQueue queue = disk.queue();
        for (int pair = 0; pair < pairs; pair++) {
            queue.add(write, 3);
            queue.add(read, 3);
        }
        queue.publish();
        queue.kickAlways();
        long allocated = AllocationCheck.bytesOf(work);
        assertEquals(2 * pairs, queue.collect());
        return allocated;
    }
}
