// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.DriverQueue;
import io.virtio4j.testkit.GuestBuffer;
import io.virtio4j.testkit.Submitted.Descriptor;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Transfers, flushes, page flips and moves of the cursor allocate nothing, compiled or not. */
class AllocationTest {

    private static final int TURNS = 101;
    private static final int MANY = 8;
    private static final int SIDE = 64;
    private static final long LEAST_OBJECT = 16; // bytes
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    /** Counts pixels, and nothing else. */
    private static final class Counting implements ScanoutListener {

        private long pixels;

        @Override
        public void changed(Scanout scanout) {
            // The size stays.
        }

        @Override
        public void damaged(Scanout scanout, int x, int y, int width, int height) {
            pixels += (long) width * height;
        }
    }

    static Stream<DriverOptions> drivers() {
        return Stream.of(DriverOptions.split(), DriverOptions.packed());
    }

    /** The median of many turns counts: what the JVM itself allocates now and then is not ours. */
    @ParameterizedTest
    @MethodSource("drivers")
    void a_turn_with_many_pictures_allocates_as_much_as_one_with_few(DriverOptions options) {
        Counting counting = new Counting();
        try (GpuRig rig = GpuRig.of(new GpuDevice(Monitor.of(640, 480)), options.queueSize(256))) {
            rig.scanout().addListener(counting);
            rig.show(1, SIDE, SIDE);
            rig.create2d(1000, GpuRig.XRGB, SIDE, SIDE);
            rig.attach(1000, scattered(rig.buffer(SIDE * SIDE * 4)));
            List<List<Descriptor>> picture = List.of(
                    request(rig, GpuRig.command(0x105, 0, 0, SIDE, SIDE, 0, 0, 1000, 0)),
                    request(rig, GpuRig.command(0x105, 3, 4, 50, 40, 0, 0, 1000, 0)),
                    request(rig, GpuRig.command(0x103, 0, 0, SIDE, SIDE, 0, 1000)),
                    request(rig, GpuRig.withHeader(0x104, 1, 5, 0, 0, 1, 1, 60, 60, 1000, 0)),
                    request(rig, GpuRig.command(0x104, 2, 2, 20, 20, 1000, 0)));
            turn(rig, MANY, picture);
            long before = counting.pixels;
            long[] differences = new long[TURNS];
            for (int i = 0; i < TURNS; i++) {
                long many = turn(rig, MANY, picture);
                differences[i] = many - turn(rig, 1, picture);
            }
            Arrays.sort(differences);
            long median = differences[TURNS / 2];
            assertTrue(median < LEAST_OBJECT * (MANY - 1),
                    "bytes allocated for " + (MANY - 1) + " pictures: " + median);
            assertEquals((long) TURNS * (MANY + 1) * (SIDE * SIDE + 400), counting.pixels - before);
        }
    }

    private static long[] scattered(GuestBuffer pages) {
        long[] entries = new long[2 * 16];
        for (int i = 0; i < 16; i++) {
            // In another order than that of memory: nothing is contiguous.
            entries[2 * i] = pages.address() + (i ^ 1) * 1024L;
            entries[2 * i + 1] = 1024;
        }
        return entries;
    }

    private static List<Descriptor> request(GpuRig rig, byte[] command) {
        GuestBuffer buffer = rig.driver().ram().allocate(command.length);
        buffer.write(0, command);
        return List.of(new Descriptor(buffer.address(), command.length, false),
                new Descriptor(rig.driver().ram().allocate(24).address(), 24, true));
    }

    private static long turn(GpuRig rig, int pictures, List<List<Descriptor>> picture) {
        long thread = Thread.currentThread().threadId();
        DriverQueue queue = rig.queue();
        for (int i = 0; i < pictures; i++) {
            for (List<Descriptor> command : picture) {
                queue.add(command, 2);
            }
        }
        queue.publish();
        queue.kickAlways();
        long before = THREADS.getThreadAllocatedBytes(thread);
        int turns = rig.driver().instance().poll(100);
        long allocated = THREADS.getThreadAllocatedBytes(thread) - before;
        assertEquals(1, turns);
        assertEquals(pictures * picture.size(), queue.collect());
        return allocated;
    }
}
