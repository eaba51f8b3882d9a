// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.blk.linux;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.virtio4j.blk.BlockDevice;
import io.virtio4j.blk.BlockFeature;
import io.virtio4j.blk.FileBackend;
import io.virtio4j.host.linux.LinuxFile;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.TestDriver;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Discards and zeroings of a driver, and what becomes of the file. */
@EnabledOnOs(OS.LINUX)
class LinuxHolePuncherTest {

    private static final int MIB = 1 << 20;
    private static final int IN = 0;
    private static final int OUT = 1;
    private static final int DISCARD = 11;
    private static final int WRITE_ZEROES = 13;
    private static final int UNMAP = 1;
    private static final int MAY_UNMAP = 56;

    @TempDir
    private Path directory;

    /** A disk of 1 MiB, all of it written, and its driver. */
    private static TestDriver start(FileBackend backend) {
        TestDriver driver = TestDriver.attach(new BlockDevice(backend)).start();
        assertEquals(0, status(driver.queue(0).exchange(request(OUT, 0, pattern()), 1)));
        return driver;
    }

    private static byte[] pattern() {
        byte[] bytes = new byte[MIB];
        new SplittableRandom(5).nextBytes(bytes);
        return bytes;
    }

    private static byte[] request(int type, long sector, byte[] data) {
        return ByteBuffer.allocate(16 + data.length).order(ByteOrder.LITTLE_ENDIAN)
                .putInt(type).putInt(0).putLong(sector).put(data).array();
    }

    private static byte[] range(long offset, int length, int flags) {
        return ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN)
                .putLong(offset / 512).putInt(length / 512).putInt(flags).array();
    }

    private static int status(Submitted submitted) {
        byte[] writable = submitted.writable();
        return writable[writable.length - 1];
    }

    private static void assertZeroedInTheMiddle(TestDriver driver) {
        byte[] expected = pattern();
        Arrays.fill(expected, MIB / 4, MIB * 3 / 4, (byte) 0);
        byte[] read = driver.queue(0).exchange(request(IN, 0, new byte[0]), MIB + 1).writable();
        assertArrayEquals(expected, Arrays.copyOf(read, MIB));
    }

    /** A memory file: Linux punches its holes everywhere, and never zeroes a range in place. */
    private interface OnMemory {
        void run(TestDriver driver, LinuxFile file) throws IOException;
    }

    private static void onMemory(OnMemory test) throws IOException {
        try (LinuxFile file = LinuxFile.memory("disk", MIB)) {
            Path path = Path.of("/proc/self/fd/" + file.descriptor().number());
            try (FileBackend backend = LinuxHolePuncher.openBackend(path);
                    TestDriver driver = start(backend)) {
                assertEquals(MIB, file.allocatedBytes());
                test.run(driver, file);
            }
        }
    }

    @Test
    void discard_is_offered_and_gives_storage_back() throws IOException {
        onMemory((driver, file) -> {
            assertTrue(driver.negotiated().has(BlockFeature.DISCARD));
            assertEquals(1, driver.port().readConfig(MAY_UNMAP, 1));

            Submitted discarded = driver.queue(0)
                    .exchange(request(DISCARD, 0, range(MIB / 4, MIB / 2, 0)), 1);

            assertEquals(0, status(discarded));
            assertEquals(MIB / 2, file.allocatedBytes());
            assertEquals(MIB, file.size());
            assertZeroedInTheMiddle(driver);
        });
    }

    @Test
    void write_zeroes_with_unmap_gives_storage_back() throws IOException {
        onMemory((driver, file) -> {
            Submitted zeroed = driver.queue(0)
                    .exchange(request(WRITE_ZEROES, 0, range(MIB / 4, MIB / 2, UNMAP)), 1);

            assertEquals(0, status(zeroed));
            assertEquals(MIB / 2, file.allocatedBytes());
            assertZeroedInTheMiddle(driver);
        });
    }

    @Test
    void where_a_range_cannot_be_zeroed_in_place_zeroes_are_written() throws IOException {
        onMemory((driver, file) -> {
            Submitted zeroed = driver.queue(0)
                    .exchange(request(WRITE_ZEROES, 0, range(MIB / 4, MIB / 2, 0)), 1);

            assertEquals(0, status(zeroed));
            assertEquals(MIB, file.allocatedBytes());
            assertZeroedInTheMiddle(driver);
        });
    }

    @Test
    void where_a_range_can_be_zeroed_in_place_its_storage_stays() throws IOException {
        Path image = directory.resolve("disk.img");
        FileBackend.create(image, MIB).close();
        try (FileBackend backend = LinuxHolePuncher.openBackend(image);
                TestDriver driver = start(backend);
                LinuxHolePuncher puncher = LinuxHolePuncher.open(image);
                LinuxFile file = LinuxFile.open(image)) {
            assumeTrue(puncher.zero(MIB / 4, 512), "a file system that zeroes ranges");
            long before = file.allocatedBytes();

            Submitted zeroed = driver.queue(0)
                    .exchange(request(WRITE_ZEROES, 0, range(MIB / 4, MIB / 2, 0)), 1);

            assertEquals(0, status(zeroed));
            assertTrue(file.allocatedBytes() >= before, "allocated=" + file.allocatedBytes());
            assertZeroedInTheMiddle(driver);
        }
    }

    @Test
    void what_a_file_system_cannot_do_is_told_and_not_thrown() throws IOException {
        try (LinuxFile file = LinuxFile.memory("disk", MIB);
                LinuxHolePuncher puncher = LinuxHolePuncher.open(
                        Path.of("/proc/self/fd/" + file.descriptor().number()))) {
            assertFalse(puncher.zero(0, 4096));
            assertTrue(puncher.punch(0, 4096));
        }
    }

    @Test
    void an_error_of_the_file_is_thrown() throws IOException {
        try (LinuxFile file = LinuxFile.memory("disk", MIB)) {
            LinuxHolePuncher puncher = LinuxHolePuncher.open(
                    Path.of("/proc/self/fd/" + file.descriptor().number()));
            puncher.close();

            assertThrows(IOException.class, () -> puncher.punch(0, 4096));
        }
    }

    @Test
    void a_file_that_is_missing_is_not_made() {
        Path missing = directory.resolve("missing.img");

        assertThrows(IOException.class, () -> LinuxHolePuncher.openBackend(missing));
        assertFalse(Files.exists(missing));
    }
}
