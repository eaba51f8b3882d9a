// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.host.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.host.linux.LinuxFile.Option;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/** Holes, allocation, and what happens when the space is used up. */
class FileSpaceTest {
    private static final int PAGE = Linux.pageSize();
    private static final long MIB = 1 << 20;

    @TempDir
    Path directory;

    private final Arena arena = Arena.ofAuto();

    @Test
    void punching_a_hole_frees_space_and_reads_as_zeros() throws IOException {
        try (LinuxFile file = LinuxFile.memory("holes", MIB)) {
            file.write(0, arena.allocate(MIB).fill((byte) 7));
            assertEquals(MIB, file.allocatedBytes());

            file.punchHole(MIB / 4, MIB / 2);

            assertEquals(MIB / 2, file.allocatedBytes());
            assertEquals(MIB, file.size());
            assertEquals(7, byteAt(file, MIB / 4 - 1));
            assertEquals(0, byteAt(file, MIB / 4));
            assertEquals(0, byteAt(file, MIB / 4 + MIB / 2 - 1));
            assertEquals(7, byteAt(file, MIB / 4 + MIB / 2));
        }
    }

    @Test
    void part_of_a_block_is_zeroed_by_a_hole_but_not_freed() throws IOException {
        try (LinuxFile file = LinuxFile.memory("part", PAGE)) {
            file.write(0, arena.allocate(PAGE).fill((byte) 7));

            file.punchHole(1, PAGE - 2);
            file.punchHole(0, 0);

            assertEquals(PAGE, file.allocatedBytes());
            assertEquals(7, byteAt(file, 0));
            assertEquals(0, byteAt(file, 1));
            assertEquals(7, byteAt(file, PAGE - 1));
        }
    }

    @Test
    void data_and_holes_are_found() throws IOException {
        try (LinuxFile file = LinuxFile.memory("map", 8L * PAGE)) {
            file.write(2L * PAGE, arena.allocate(PAGE));
            file.write(5L * PAGE, arena.allocate(PAGE));

            assertEquals(2L * PAGE, file.nextData(0));
            assertEquals(3L * PAGE, file.nextHole(2L * PAGE));
            assertEquals(5L * PAGE, file.nextData(3L * PAGE));
            assertEquals(6L * PAGE, file.nextHole(5L * PAGE + 1));
            assertEquals(-1, file.nextData(6L * PAGE));
            assertEquals(-1, file.nextHole(8L * PAGE));
        }
    }

    @Test
    void allocated_space_is_there_before_it_is_written() throws IOException {
        try (LinuxFile file = LinuxFile.memory("allocated", 0)) {
            file.allocate(0, MIB);

            assertEquals(MIB, file.size());
            assertEquals(MIB, file.allocatedBytes());
        }
    }

    @Test
    void zeroing_a_range_keeps_its_space_where_the_file_system_can() throws IOException {
        try (LinuxFile file = LinuxFile.open(directory.resolve("zeroed"), Option.WRITE,
                Option.CREATE)) {
            file.write(0, arena.allocate(MIB).fill((byte) 7));
            long before = file.allocatedBytes();
            try {
                file.zeroRange(MIB / 4, MIB / 2);
            } catch (LinuxException cannot) {
                assertEquals(Errno.EOPNOTSUPP, cannot.error());
                assertEquals(7, byteAt(file, MIB / 2));
                return;
            }
            assertEquals(0, byteAt(file, MIB / 2));
            assertEquals(7, byteAt(file, MIB - 1));
            assertTrue(file.allocatedBytes() >= before - MIB / 16);
            assertEquals(MIB, file.size());
        }
    }

    @Test
    void a_file_system_that_cannot_zero_a_range_says_so() throws IOException {
        try (LinuxFile file = LinuxFile.memory("tmpfs cannot", MIB)) {
            LinuxException refused =
                    assertThrows(LinuxException.class, () -> file.zeroRange(0, 4096));

            assertEquals("fallocate: errno=EOPNOTSUPP(95) fd=" + file.descriptor().number()
                    + " mode=0x11 position=0 length=4096", refused.getMessage());
        }
    }

    @Test
    void negative_ranges_are_refused() throws IOException {
        try (LinuxFile file = LinuxFile.memory("negative", MIB)) {
            assertThrows(IllegalArgumentException.class, () -> file.punchHole(-1, 1));
            assertThrows(IllegalArgumentException.class, () -> file.allocate(0, -1));
            assertThrows(IllegalArgumentException.class, () -> file.truncate(-1));
            assertThrows(IllegalArgumentException.class, () -> file.nextData(-1));
        }
    }

    @Test
    void a_full_file_system_is_enospc_and_the_file_goes_on() throws Exception {
        try (SmallFileSystem small = SmallFileSystem.mount(directory)) {
            if (small == null) {
                return;
            }
            try (LinuxFile file =
                    LinuxFile.open(small.path().resolve("image"), Option.WRITE, Option.CREATE)) {
                file.truncate(MIB); // sparse: more than there is room for
                MemorySegment half = arena.allocate(SmallFileSystem.SIZE / 2).fill((byte) 1);
                file.write(0, half);

                LinuxException full = assertThrows(LinuxException.class,
                        () -> file.write(MIB / 2, arena.allocate(SmallFileSystem.SIZE)));
                assertEquals(Errno.ENOSPC, full.error());
                assertTrue(full.getMessage().contains("position=" + MIB / 2 + " done="
                        + half.byteSize()),
                        full::getMessage);
                assertError(Errno.ENOSPC, () -> file.allocate(0, MIB));
                assertError(Errno.ENOSPC, () -> file.write(MIB - 1,
                        new MemorySegment[] {arena.allocate(PAGE), arena.allocate(PAGE)}, 2));

                file.write(0, half);
                file.punchHole(MIB / 2, MIB / 2);
                file.write(MIB / 2, half);
                file.force(true);
                assertEquals(1, byteAt(file, MIB / 2));
            }
        }
    }

    @Test
    void a_full_file_system_fails_a_mapping_before_it_is_touched() throws Exception {
        try (SmallFileSystem small = SmallFileSystem.mount(directory)) {
            if (small == null) {
                return;
            }
            try (LinuxFile file =
                    LinuxFile.open(small.path().resolve("ram"), Option.WRITE, Option.CREATE)) {
                file.truncate(MIB);
                try (Mapping mapping = Mapping.shared(file.descriptor(), 0, MIB,
                        Mapping.Access.READ_WRITE)) {
                    assertError(Errno.EFAULT,
                            () -> mapping.advise(Mapping.Advice.POPULATE_WRITE, 0, MIB));
                }
            }
        }
    }

    /** A tmpfs of 256 KiB. */
    private record SmallFileSystem(Path path) implements AutoCloseable {
        static final int SIZE = 256 << 10;

        /** Returns null, and prints why, if this process may not mount. */
        static SmallFileSystem mount(Path path) throws Exception {
            Process mount = new ProcessBuilder("mount", "-t", "tmpfs", "-o", "size=" + SIZE,
                    "tmpfs",
                    path.toString()).redirectErrorStream(true).start();
            String output = new String(mount.getInputStream().readAllBytes(),
                    StandardCharsets.UTF_8);
            if (mount.waitFor() != 0) {
                System.out.println("no small tmpfs, so nothing is filled up: " + output.strip());
                return null;
            }
            return new SmallFileSystem(path);
        }

        @Override
        public void close() throws IOException {
            Process unmount = new ProcessBuilder("umount", path.toString()).start();
            assertEquals(0, unmount.onExit().join().exitValue());
        }
    }

    private byte byteAt(LinuxFile file, long position) throws LinuxException {
        MemorySegment one = arena.allocate(1);
        assertEquals(1, file.read(position, one));
        return one.get(JAVA_BYTE, 0);
    }

    private static void assertError(Errno expected, Executable executable) {
        assertEquals(expected, assertThrows(LinuxException.class, executable).error());
    }
}
