// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.host.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

/**
 * The calls of the hot paths allocate nothing. Compiled or not: nothing here waits for the compiler
 * to remove objects.
 */
class AllocationTest {
    private static final int WARM_UP = 100;
    private static final int MEASURED = 1_000;
    private static final int ROUNDS = 10;
    private static final int SEGMENT_BYTES = 80;
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private final Arena arena = Arena.ofShared();

    @FunctionalInterface
    private interface Work {
        void run() throws IOException;
    }

    @Test
    void signalling_and_reading_an_eventfd() throws IOException {
        try (EventFd event = EventFd.create()) {
            assertAllocatesNothing(() -> {
                event.signal();
                event.tryRead();
                event.signal();
                event.read(-1);
            });
        }
    }

    @Test
    void polling() throws IOException {
        try (Poller poller = Poller.open(); EventFd event = EventFd.create()) {
            poller.register(event.descriptor(), Poller.READ, events -> event.tryRead());
            assertAllocatesNothing(() -> {
                event.signal();
                poller.poll(-1);
                poller.poll(0);
                poller.wakeUp();
                poller.poll(1_000);
            });
        }
    }

    @Test
    void reading_and_writing_a_segment() throws IOException {
        try (LinuxFile file = LinuxFile.memory("segment", 1 << 20)) {
            MemorySegment segment = arena.allocate(512);
            assertAllocatesNothing(() -> {
                file.write(4096, segment);
                file.read(4096, segment);
            });
        }
    }

    @Test
    void reading_and_writing_several_segments() throws IOException {
        try (LinuxFile file = LinuxFile.memory("segments", 1 << 20);
                Mapping other = Mapping.anonymous(4096)) {
            MemorySegment[] segments = {arena.allocate(64), other.segment(), arena.allocate(512)};
            assertAllocatesNothing(() -> {
                file.write(4096, segments, 3);
                file.read(4096, segments, 3);
            });
        }
    }

    @Test
    void moving_pieces_with_one_call() throws IOException {
        try (LinuxFile file = LinuxFile.memory("pieces", 1 << 20)) {
            MemorySegment memory = arena.allocate(4096);
            assertAllocatesNothing(() -> {
                IoVector vector = IoVector.ofThread();
                vector.add(memory, 64, 100);
                vector.add(memory, 1024, 200);
                file.writeSome(4096, vector);
                file.readSome(4096, vector);
                vector.clear();
            });
        }
    }

    @Test
    void a_direct_buffer_costs_no_more_than_its_segment() throws IOException {
        try (LinuxFile file = LinuxFile.memory("buffer", 1 << 20)) {
            ByteBuffer buffer = ByteBuffer.allocateDirect(512);
            Work work = () -> {
                file.write(4096, buffer.clear());
                file.read(4096, buffer.clear());
            };
            long least = leastAllocated(work);
            assertTrue(least <= 2 * SEGMENT_BYTES * MEASURED, () -> "bytes=" + least);
        }
    }

    private static void assertAllocatesNothing(Work work) throws IOException {
        assertEquals(0, leastAllocated(work), "bytes in " + MEASURED + " repetitions");
    }

    /** The least of several rounds: what the JVM itself still does at first is not the work's. */
    private static long leastAllocated(Work work) throws IOException {
        repeat(work, WARM_UP);
        long least = Long.MAX_VALUE;
        for (int round = 0; round < ROUNDS && least != 0; round++) {
            long before = THREADS.getCurrentThreadAllocatedBytes();
            repeat(work, MEASURED);
            least = Math.min(least, THREADS.getCurrentThreadAllocatedBytes() - before);
        }
        return least;
    }

    private static void repeat(Work work, int times) throws IOException {
        for (int i = 0; i < times; i++) {
            work.run();
        }
    }
}
