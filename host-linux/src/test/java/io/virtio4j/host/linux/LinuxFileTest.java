// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.host.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.host.linux.LinuxFile.Option;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

class LinuxFileTest {
    private static final int O_DSYNC = 010000;
    private static final int O_NONBLOCK = 04000;

    @TempDir
    Path directory;

    private final Arena arena = Arena.ofAuto();

    @Test
    void reads_what_was_written_at_the_same_position() throws IOException {
        try (LinuxFile file = create("data")) {
            file.write(5_000_000_000L, text("far"));
            file.write(3, text("near"));

            assertEquals("near", read(file, 3, 4));
            assertEquals("far", read(file, 5_000_000_000L, 3));
            assertEquals("\0\0\0n", read(file, 0, 4));
            assertEquals(5_000_000_003L, file.size());
        }
    }

    @Test
    void a_read_is_short_only_at_the_end_of_the_file() throws IOException {
        try (LinuxFile file = create("short")) {
            file.write(0, text("0123456789"));
            MemorySegment to = arena.allocate(8).fill((byte) '.');

            assertEquals(4, file.read(6, to));
            assertEquals("6789....", text(to));
            assertEquals(0, file.read(10, to));
            assertEquals(0, file.read(1L << 50, to));
            assertEquals(0, file.read(0, arena.allocate(0)));
        }
    }

    @Test
    void reads_and_writes_several_segments_in_one_call() throws IOException {
        try (LinuxFile file = create("vector"); Arena other = Arena.ofShared()) {
            MemorySegment[] from = {text("one"), text(""), other.allocateFrom("two").asSlice(0, 3),
                text("three"), text("unused")};
            file.write(100, from, 4);

            MemorySegment[] to = {arena.allocate(1), arena.allocate(4), other.allocate(6),
                arena.allocate(9).fill((byte) '.')};
            assertEquals(11, file.read(100, to, 4));

            assertEquals("o", text(to[0]));
            assertEquals("netw", text(to[1]));
            assertEquals("othree", text(to[2]));
            assertEquals(".........", text(to[3]));
        }
    }

    @Test
    void a_vector_may_have_more_parts_and_arenas_than_one_call_takes() throws IOException {
        int parts = 2_500;
        MemorySegment[] from = new MemorySegment[parts];
        MemorySegment[] to = new MemorySegment[parts];
        for (int i = 0; i < parts; i++) {
            Arena own = i % 10 == 0 ? Arena.ofAuto() : arena;
            from[i] = own.allocateFrom(JAVA_LONG, i);
            to[i] = own.allocate(JAVA_LONG);
        }
        try (LinuxFile file = create("many")) {
            file.write(8, from, parts);
            long n = file.read(8, to, parts);

            assertEquals(parts * 8L, n);
            assertEquals(8 + parts * 8L, file.size());
            for (int i = 0; i < parts; i++) {
                assertEquals(i, to[i].get(JAVA_LONG, 0));
            }
        }
    }

    @Test
    void direct_buffers_advance() throws IOException {
        try (LinuxFile file = create("buffer")) {
            ByteBuffer from = ByteBuffer.allocateDirect(16);
            from.put("abcdefgh".getBytes(StandardCharsets.US_ASCII)).flip().position(2);
            file.write(0, from);
            ByteBuffer to = ByteBuffer.allocateDirect(16).position(4).limit(8);

            assertEquals(4, file.read(1, to));

            assertEquals(8, from.position());
            assertEquals(6, file.size());
            assertEquals(8, to.position());
            assertEquals('d', to.get(4));
            assertEquals('g', to.get(7));
            assertEquals(1, file.read(5, to.position(0)));
            assertEquals(1, to.position());
        }
    }

    @Test
    @Tag("slow") // fills 2 GiB of memory
    void more_than_the_kernel_moves_at_once_is_moved() throws IOException {
        long size = (2L << 30) + 8192;
        try (LinuxFile file = LinuxFile.memory("big", size);
                Mapping memory = Mapping.anonymous(size)) {
            file.write(size - 8, arena.allocateFrom(JAVA_LONG, 42));
            file.punchHole(0, size - 4096);

            // Reading holes touches every page of the target: it stops at 2 GiB.
            assertEquals(size, file.read(0, memory.segment()));
            assertEquals(42, memory.segment().get(JAVA_LONG, size - 8));
        }
    }

    @Test
    void heap_memory_and_read_only_targets_are_refused() throws IOException {
        try (LinuxFile file = create("refused")) {
            MemorySegment heap = MemorySegment.ofArray(new byte[8]);
            MemorySegment readOnly = arena.allocate(8).asReadOnly();

            assertThrows(IllegalArgumentException.class, () -> file.read(0, heap));
            assertThrows(IllegalArgumentException.class, () -> file.write(0, heap));
            assertThrows(IllegalArgumentException.class, () ->
                    file.write(0, ByteBuffer.allocate(8)));
            assertThrows(IllegalArgumentException.class, () -> file.read(0, readOnly));
            assertThrows(IllegalArgumentException.class,
                    () -> file.read(0, new MemorySegment[] {readOnly}, 1));
            assertThrows(IllegalArgumentException.class, () -> file.read(-1, arena.allocate(8)));
            file.write(0, readOnly);
            assertEquals(8, file.size());
        }
    }

    @Test
    void memory_that_is_closed_is_not_touched() throws IOException {
        try (LinuxFile file = create("closed memory")) {
            Arena closed = Arena.ofShared();
            MemorySegment gone = closed.allocate(4096);
            closed.close();

            assertThrows(IllegalStateException.class, () -> file.read(0, gone));
            assertThrows(IllegalStateException.class, () -> file.write(0, gone));
            assertThrows(IllegalStateException.class,
                    () -> file.write(0, new MemorySegment[] {arena.allocate(8), gone}, 2));
            assertEquals(0, file.size());
        }
    }

    @Test
    void memory_whose_file_was_cut_short_is_efault() throws IOException {
        try (LinuxFile file = create("image"); LinuxFile ram = LinuxFile.memory("ram", 8192);
                Mapping mapping = Mapping.shared(ram.descriptor(), 0, 8192,
                        Mapping.Access.READ_WRITE)) {
            file.truncate(8192);
            MemorySegment gone = mapping.segment().asSlice(4096);
            ram.truncate(4096);

            assertError(Errno.EFAULT, () -> file.read(0, gone));
            assertError(Errno.EFAULT, () -> file.write(0, gone));
            assertError(Errno.EFAULT, () -> file.write(0, new MemorySegment[] {gone}, 1));
        }
    }

    @Test
    void a_file_opened_for_reading_is_not_written() throws IOException {
        Path path = Files.writeString(directory.resolve("read-only"), "content");
        try (LinuxFile file = LinuxFile.open(path)) {
            LinuxException refused =
                    assertThrows(LinuxException.class, () -> file.write(0, text("x")));

            assertEquals("content", read(file, 0, 7));
            assertEquals(Errno.EBADF, refused.error());
            assertEquals("pwrite: errno=EBADF(9) fd=" + file.descriptor().number()
                    + " position=0 done=0", refused.getMessage());
            assertThrows(LinuxException.class, () -> file.truncate(0));
        }
    }

    @Test
    void options_create_and_cut() throws IOException {
        Path path = directory.resolve("new");
        assertError(Errno.ENOENT, () -> LinuxFile.open(path, Option.WRITE).close());
        try (LinuxFile file = LinuxFile.open(path, Option.WRITE, Option.CREATE_NEW)) {
            file.write(0, text("content"));
        }
        assertError(Errno.EEXIST,
                () -> LinuxFile.open(path, Option.WRITE, Option.CREATE_NEW).close());
        try (LinuxFile file = LinuxFile.open(path, Option.WRITE, Option.CREATE)) {
            assertEquals(7, file.size());
        }
        try (LinuxFile file = LinuxFile.open(path, Option.WRITE, Option.TRUNCATE)) {
            assertEquals(0, file.size());
        }
        for (Option needsWrite : new Option[] {Option.CREATE, Option.CREATE_NEW, Option.TRUNCATE}) {
            assertThrows(IllegalArgumentException.class, () -> LinuxFile.open(path, needsWrite));
        }
    }

    @Test
    void dsync_reaches_the_kernel_and_nonblock_does_not_stay() throws IOException {
        try (LinuxFile durable = LinuxFile.open(directory.resolve("dsync"), Option.WRITE,
                Option.CREATE, Option.DSYNC); LinuxFile plain = create("plain")) {
            assertEquals(O_DSYNC,
                    OpenDescriptors.flags(durable.descriptor()) & (O_DSYNC | O_NONBLOCK));
            assertEquals(0, OpenDescriptors.flags(plain.descriptor()) & (O_DSYNC | O_NONBLOCK));
            durable.write(0, text("x"));
            durable.force(false);
            durable.force(true);
        }
    }

    @Test
    void what_is_not_a_file_is_refused_and_not_waited_for() throws Exception {
        Path fifo = directory.resolve("fifo");
        assertEquals(0, new ProcessBuilder("mkfifo", fifo.toString()).start().waitFor());
        Path nothing = Path.of("/dev/null");
        int before = OpenDescriptors.count(nothing);

        IOException pipe = assertThrows(IOException.class, () -> LinuxFile.open(fifo));
        IOException folder = assertThrows(IOException.class, () -> LinuxFile.open(directory));
        IOException device = assertThrows(IOException.class, () ->
                LinuxFile.open(nothing));

        assertTrue(pipe.getMessage().contains("type=PIPE"), pipe::getMessage);
        assertTrue(pipe.getMessage().contains("path=" + fifo), pipe::getMessage);
        assertTrue(folder.getMessage().contains("type=DIRECTORY"), folder::getMessage);
        assertTrue(device.getMessage().contains("type=CHARACTER_DEVICE"), device::getMessage);
        assertEquals(0, OpenDescriptors.count(fifo));
        assertEquals(0, OpenDescriptors.count(directory));
        assertEquals(before, OpenDescriptors.count(nothing));
    }

    @Test
    void a_block_device_is_a_file_too() throws Exception {
        Path image = directory.resolve("image");
        try (LinuxFile file = LinuxFile.open(image, Option.WRITE, Option.CREATE)) {
            file.write(0, arena.allocate(1 << 20).fill((byte) 7));
        }
        Process setup = new ProcessBuilder("losetup", "--find", "--show", image.toString())
                .redirectErrorStream(true).start();
        String device = new String(setup.getInputStream().readAllBytes(),
                StandardCharsets.UTF_8).strip();
        if (setup.waitFor() != 0) {
            System.out.println("no loop device, so no block device is opened: " + device);
            return;
        }
        try (LinuxFile file = LinuxFile.open(Path.of(device), Option.WRITE)) {
            assertEquals(FileStatus.Type.BLOCK_DEVICE, file.descriptor().status().type());
            assertEquals(1 << 20, file.size());

            file.write(4096, text("block"));
            file.force(false);
            file.punchHole(8192, 4096);

            assertEquals("block", read(file, 4096, 5));
            assertEquals("\0\0", read(file, 8192, 2));
            assertError(Errno.ENOSPC, () -> file.write(1 << 20, text("beyond")));
            assertError(Errno.EINVAL, () -> file.truncate(4096));
        } finally {
            assertEquals(0, new ProcessBuilder("losetup", "--detach", device).start().waitFor());
        }
    }

    @Test
    void names_that_are_not_ascii_are_passed_as_the_jdk_passes_them() throws IOException {
        Path path = directory.resolve("plain");
        try {
            path = directory.resolve("Größe");
        } catch (InvalidPathException locale) {
            System.out.println("the locale of this JVM has ASCII names only: "
                    + locale.getMessage());
        }
        try (LinuxFile file = LinuxFile.open(path, Option.WRITE, Option.CREATE)) {
            file.write(0, text("x"));
        }
        assertEquals(1, Files.size(path));
    }

    @Test
    void use_after_close_is_ebadf() throws IOException {
        LinuxFile file = create("closed");
        file.close();
        file.close();

        assertError(Errno.EBADF, () -> file.read(0, arena.allocate(1)));
        assertError(Errno.EBADF, () -> file.write(0, arena.allocate(1)));
        assertError(Errno.EBADF, () -> file.read(0, new MemorySegment[0], 0));
        assertError(Errno.EBADF, () -> file.force(true));
        assertError(Errno.EBADF, file::size);
        assertError(Errno.EBADF, () -> file.punchHole(0, 1));
        assertError(Errno.EBADF, () -> file.nextData(0));
        assertError(Errno.EBADF, () -> file.truncate(0));
        assertError(Errno.EBADF, file::seals);
    }

    @Test
    void interrupting_a_thread_closes_nothing() throws IOException {
        try (LinuxFile file = create("interrupted")) {
            Thread.currentThread().interrupt();
            file.write(0, text("still"));
            String read = read(file, 0, 5);
            file.force(false);

            assertTrue(Thread.interrupted());
            assertEquals("still", read);
            assertTrue(file.descriptor().isOpen());
            assertFalse(Thread.interrupted());
        }
    }

    private LinuxFile create(String name) throws IOException {
        return LinuxFile.open(directory.resolve(name), Option.WRITE, Option.CREATE_NEW);
    }

    private MemorySegment text(String text) {
        return arena.allocateFrom(JAVA_BYTE, text.getBytes(StandardCharsets.US_ASCII));
    }

    private static String text(MemorySegment segment) {
        return new String(segment.toArray(JAVA_BYTE), StandardCharsets.US_ASCII);
    }

    private String read(LinuxFile file, long position, int length) throws LinuxException {
        MemorySegment to = arena.allocate(length);
        assertEquals(length, file.read(position, to));
        return text(to);
    }

    private static void assertError(Errno expected, Executable executable) {
        assertEquals(expected, assertThrows(LinuxException.class, executable).error());
    }
}
