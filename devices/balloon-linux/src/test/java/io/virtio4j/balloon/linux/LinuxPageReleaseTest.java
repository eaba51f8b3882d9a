// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.balloon.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.balloon.BalloonCounter;
import io.virtio4j.balloon.BalloonDevice;
import io.virtio4j.balloon.BalloonFeature;
import io.virtio4j.core.memory.MemoryRegion;
import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.host.linux.LinuxFile;
import io.virtio4j.host.linux.Mapping;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.GuestRam;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.Submitted.Descriptor;
import io.virtio4j.testkit.TestDriver;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A driver puts memory into the balloon, and the process has less. */
@EnabledOnOs(OS.LINUX)
class LinuxPageReleaseTest {

    private static final int PAGE = 4096;
    private static final long MEMORY = 64L << 20;
    private static final long HALF = MEMORY / 2;
    /** Behind what the driver itself needs. */
    private static final long FROM = GuestRam.BASE + HALF - (1 << 20);

    /** How many bytes of a segment the process has in memory now: bit 63 of each page's entry. */
    private static long resident(MemorySegment segment) throws IOException {
        ByteBuffer entries = ByteBuffer.allocate((int) (segment.byteSize() / PAGE) * Long.BYTES)
                .order(ByteOrder.nativeOrder());
        try (FileChannel pages = FileChannel.open(Path.of("/proc/self/pagemap"))) {
            pages.position(segment.address() / PAGE * Long.BYTES);
            while (entries.hasRemaining() && pages.read(entries) >= 0) {
                // more
            }
        }
        assertFalse(entries.hasRemaining());
        entries.flip();
        long present = 0;
        while (entries.hasRemaining()) {
            present += entries.getLong() >>> 63;
        }
        return present * PAGE;
    }

    private static byte[] numbers(long first, int count) {
        ByteBuffer bytes = ByteBuffer.allocate(4 * count).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < count; i++) {
            bytes.putInt((int) (first + i));
        }
        return bytes.array();
    }

    private static void inflate(TestDriver driver) {
        for (int i = 0; i < HALF / PAGE; i += 256) {
            driver.queue(0).exchange(numbers(FROM / PAGE + i, 256), 0);
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void the_balloon_takes_memory_of_a_shared_file(RingFormat format) throws IOException {
        try (LinuxFile file = LinuxFile.memory("guest", MEMORY);
                Mapping mapping = Mapping.shared(file.descriptor(), 0, MEMORY, Mapping.Access.READ_WRITE)) {
            mapping.segment().fill((byte) 1);
            BalloonDevice device = new BalloonDevice(new LinuxPageRelease());
            GuestRam ram = GuestRam.empty();
            mapping.segment().fill((byte) 0);
            ram.add(MemoryRegion.of(GuestRam.BASE, mapping.segment()));
            try (TestDriver driver = TestDriver.attach(device, ram, builder -> {})
                    .start(DriverOptions.of(format).without(BalloonFeature.STATS_VQ))) {
                inflate(driver);
                assertEquals(HALF / PAGE, device.counters().get(BalloonCounter.RELEASED));
                assertEquals(MEMORY - HALF, resident(mapping.segment()), "the process has less");
                assertTrue(file.allocatedBytes() <= MEMORY - HALF, "and so has the file");
                // A report of free pages, in one piece: the queue is the last one.
                mapping.segment().asSlice(FROM - GuestRam.BASE, HALF).fill((byte) 3);
                assertEquals(MEMORY, file.allocatedBytes());
                Submitted report = driver.queue(3).add(new Descriptor(FROM, HALF, true));
                driver.queue(3).publish();
                driver.queue(3).kick();
                driver.queue(3).await(report);
                assertTrue(file.allocatedBytes() <= MEMORY - HALF);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void the_balloon_takes_memory_of_this_process_alone(RingFormat format) throws IOException {
        try (Arena arena = Arena.ofShared()) {
            MemoryRegion region = MemoryRegion.of(GuestRam.BASE, arena.allocate(MEMORY, PAGE));
            region.segment().fill((byte) 0);
            GuestRam ram = GuestRam.empty().add(region);
            BalloonDevice device = new BalloonDevice(new LinuxPageRelease());
            try (TestDriver driver = TestDriver.attach(device, ram, builder -> {})
                    .start(DriverOptions.of(format).without(BalloonFeature.STATS_VQ))) {
                region.segment().asSlice(FROM - GuestRam.BASE, HALF).fill((byte) 3);
                assertEquals(MEMORY, resident(region.segment()));
                inflate(driver);
                assertEquals(HALF / PAGE, device.counters().get(BalloonCounter.RELEASED));
                assertEquals(MEMORY - HALF, resident(region.segment()), "the process has less");
                assertEquals(0, region.segment().get(ValueLayout.JAVA_BYTE, FROM - GuestRam.BASE), "zeroes");
            }
        }
    }
}
