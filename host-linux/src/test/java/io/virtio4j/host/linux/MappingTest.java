// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.host.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.host.linux.Mapping.Access;
import io.virtio4j.host.linux.Mapping.Advice;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MappingTest {
    private static final int PAGE = Linux.pageSize();
    private static final long GIB = 1L << 30;

    @Test
    void two_mappings_of_a_file_are_the_same_memory() throws IOException {
        try (LinuxFile file = LinuxFile.memory("shared", 4L * PAGE);
                Mapping one = shared(file, 0, 4L * PAGE, Access.READ_WRITE);
                Mapping other = shared(file, PAGE, PAGE, Access.READ_WRITE)) {
            one.segment().set(JAVA_LONG, PAGE + 8, 42);
            other.segment().set(JAVA_LONG, 16, 43);

            assertEquals(42, other.segment().get(JAVA_LONG, 8));
            assertEquals(43, one.segment().get(JAVA_LONG, PAGE + 16));
            assertEquals(PAGE, other.length());
        }
    }

    @Test
    void a_mapping_outlives_the_descriptor() throws IOException {
        LinuxFile file = LinuxFile.memory("outlived", PAGE);
        try (Mapping mapping = shared(file, 0, PAGE, Access.READ_WRITE)) {
            file.close();

            mapping.segment().set(JAVA_LONG, 0, 42);

            assertEquals(42, mapping.segment().get(JAVA_LONG, 0));
        }
    }

    @Test
    void a_sparse_mapping_may_be_longer_than_4_gib() throws IOException {
        long length = 5 * GIB + PAGE;
        try (LinuxFile file = LinuxFile.memory("large", length);
                Mapping mapping = shared(file, 0, length, Access.READ_WRITE)) {
            mapping.segment().set(JAVA_LONG, length - 8, 42);
            mapping.segment().set(JAVA_LONG, 4 * GIB + 8, 43);

            MemorySegment read = Arena.ofAuto().allocate(8);
            assertEquals(8, file.read(length - 8, read));
            assertEquals(42, read.get(JAVA_LONG, 0));
            assertEquals(43, mapping.segment().asSlice(4 * GIB).get(JAVA_LONG, 8));
            assertEquals(2L * PAGE, file.allocatedBytes());
        }
    }

    @Test
    void position_and_length_need_not_be_aligned() throws IOException {
        try (LinuxFile file = LinuxFile.memory("unaligned", 3L * PAGE)) {
            file.write(PAGE + 100, Arena.ofAuto().allocateFrom("middle"));
            try (Mapping mapping = shared(file, PAGE + 100, 7, Access.READ_ONLY)) {
                assertEquals(7, mapping.segment().byteSize());
                assertEquals("middle", mapping.segment().getString(0));
            }
        }
    }

    @Test
    void read_only_memory_is_not_written() throws IOException {
        try (LinuxFile file = LinuxFile.memory("read-only", PAGE);
                Mapping mapping = shared(file, 0, PAGE, Access.READ_ONLY)) {
            MemorySegment segment = mapping.segment();

            assertTrue(segment.isReadOnly());
            assertThrows(IllegalArgumentException.class, () -> segment.set(JAVA_BYTE, 0, (byte) 1));
            assertEquals(0, segment.get(JAVA_BYTE, 0));
        }
    }

    @Test
    void writable_memory_of_a_read_only_file_is_refused(@TempDir Path directory)
            throws IOException {
        Path path = Files.write(directory.resolve("file"), new byte[PAGE]);
        try (LinuxFile file = LinuxFile.open(path)) {
            LinuxException refused = assertThrows(LinuxException.class,
                    () -> shared(file, 0, PAGE, Access.READ_WRITE));

            assertEquals(Errno.EACCES, refused.error());
            shared(file, 0, PAGE, Access.READ_ONLY).close();
        }
    }

    @Test
    void a_range_that_the_file_does_not_hold_is_refused() throws IOException {
        try (LinuxFile file = LinuxFile.memory("short", PAGE)) {
            IOException refused =
                    assertThrows(IOException.class, () -> shared(file, 1, PAGE, Access.READ_WRITE));

            assertTrue(refused.getMessage().contains("size=" + PAGE + " position=1 length=" + PAGE),
                    refused::getMessage);
            assertThrows(IllegalArgumentException.class, () ->
                    shared(file, -1, 1, Access.READ_ONLY));
            assertThrows(IllegalArgumentException.class, () ->
                    shared(file, 0, 0, Access.READ_ONLY));
            assertThrows(IllegalArgumentException.class,
                    () -> shared(file, 1, Long.MAX_VALUE, Access.READ_ONLY));
        }
    }

    @Test
    void what_is_not_a_regular_file_is_refused() throws IOException {
        try (EventFd event = EventFd.create()) {
            IOException refused = assertThrows(IOException.class,
                    () -> Mapping.shared(event.descriptor(), 0, 8, Access.READ_WRITE));

            assertTrue(refused.getMessage().contains("type=OTHER"), refused::getMessage);
        }
    }

    @Test
    void memory_used_after_the_close_is_an_exception() throws IOException {
        Mapping mapping = Mapping.anonymous(1 << 20);
        MemorySegment segment = mapping.segment();
        MemorySegment slice = segment.asSlice(4096, 8);
        segment.set(JAVA_LONG, 4096, 42);

        mapping.close();
        mapping.close();

        assertFalse(mapping.isOpen());
        assertThrows(IllegalStateException.class, () -> segment.get(JAVA_LONG, 0));
        assertThrows(IllegalStateException.class, () -> slice.set(JAVA_LONG, 0, 1));
        assertThrows(IllegalStateException.class, () -> mapping.advise(Advice.DONTNEED, 0, 4096));
    }

    @Test
    void a_close_really_unmaps() throws IOException {
        LinuxFile file = LinuxFile.memory("virtio4j unmapped", 4L * PAGE);
        Mapping mapping = shared(file, 100, PAGE, Access.READ_WRITE);
        assertTrue(Files.readString(Path.of("/proc/self/maps")).contains("virtio4j unmapped"));

        mapping.close();

        assertFalse(Files.readString(Path.of("/proc/self/maps")).contains("virtio4j unmapped"));
        file.close();
    }

    @Test
    void a_mapping_that_a_call_holds_is_not_closed() throws Throwable {
        Mapping mapping = Mapping.anonymous(PAGE);
        List<String> seen = new ArrayList<>();

        HeldMemory.during(mapping.segment(), () -> {
            seen.add("closed=" + mapping.tryClose());
            try {
                mapping.close();
            } catch (IllegalStateException held) {
                seen.add(held.getMessage());
            }
            seen.add("open=" + mapping.isOpen() + " value=" + mapping.segment().get(JAVA_LONG, 0));
        });

        assertEquals(List.of("closed=false", "mapping: held by a call that is under way: length="
                + PAGE + ": close it again later, or with closeAsync()", "open=true value=0"),
                seen);
        assertTrue(mapping.tryClose());
        assertTrue(mapping.tryClose());
    }

    @Test
    void a_held_mapping_is_closed_by_another_thread_as_soon_as_it_can_be() throws Throwable {
        Mapping mapping = Mapping.anonymous(PAGE);
        MemorySegment segment = mapping.segment();
        List<CompletableFuture<Void>> closing = new ArrayList<>();

        HeldMemory.during(segment, () -> {
            closing.add(mapping.closeAsync());
            // Long enough for several attempts on another thread, each of which must fail.
            assertThrows(TimeoutException.class,
                    () -> closing.getFirst().get(20, TimeUnit.MILLISECONDS));
            segment.set(JAVA_LONG, 0, 42);
            assertThrows(IllegalStateException.class, mapping::segment);
        });
        closing.getFirst().get(10, TimeUnit.SECONDS);

        assertFalse(mapping.isOpen());
        assertThrows(IllegalStateException.class, () -> segment.get(JAVA_LONG, 0));
        mapping.closeAsync().get(10, TimeUnit.SECONDS);
    }

    @Test
    void discarded_anonymous_memory_reads_as_zeros() throws IOException {
        try (Mapping mapping = Mapping.anonymous(4L * PAGE)) {
            mapping.segment().fill((byte) 7);

            mapping.advise(Advice.DONTNEED, PAGE, PAGE);

            assertEquals(7, mapping.segment().get(JAVA_BYTE, PAGE - 1));
            assertEquals(0, mapping.segment().get(JAVA_BYTE, PAGE));
            assertEquals(7, mapping.segment().get(JAVA_BYTE, 2L * PAGE));
        }
    }

    @Test
    void discarded_shared_memory_keeps_its_content_and_removed_memory_does_not()
            throws IOException {
        try (LinuxFile file = LinuxFile.memory("removed", 4L * PAGE);
                Mapping mapping = shared(file, 0, 4L * PAGE, Access.READ_WRITE)) {
            mapping.segment().fill((byte) 7);
            mapping.advise(Advice.DONTNEED, 0, 4L * PAGE);
            assertEquals(7, mapping.segment().get(JAVA_BYTE, 0));
            assertEquals(4L * PAGE, file.allocatedBytes());

            mapping.advise(Advice.REMOVE, PAGE, 2L * PAGE);

            assertEquals(0, mapping.segment().get(JAVA_BYTE, PAGE));
            assertEquals(7, mapping.segment().get(JAVA_BYTE, 3L * PAGE));
            // Reading a hole through a mapping of tmpfs allocated its page again.
            assertEquals(3L * PAGE, file.allocatedBytes());
        }
    }

    @Test
    void populated_memory_is_allocated() throws IOException {
        try (LinuxFile file = LinuxFile.memory("populated", 4L * PAGE);
                Mapping mapping = shared(file, 0, 4L * PAGE, Access.READ_WRITE)) {
            mapping.advise(Advice.POPULATE_WRITE, PAGE, 2L * PAGE);

            assertEquals(2L * PAGE, file.allocatedBytes());
        }
    }

    @Test
    void advice_on_an_unaligned_or_outside_range_is_refused() throws IOException {
        try (Mapping mapping = Mapping.anonymous(4L * PAGE)) {
            LinuxException unaligned = assertThrows(LinuxException.class,
                    () -> mapping.advise(Advice.DONTNEED, 1, PAGE));

            assertEquals(Errno.EINVAL, unaligned.error());
            assertThrows(IndexOutOfBoundsException.class,
                    () -> mapping.advise(Advice.DONTNEED, PAGE, 4L * PAGE));
        }
    }

    @Test
    void memory_that_cannot_be_had_is_refused() {
        LinuxException refused =
                assertThrows(LinuxException.class, () -> Mapping.anonymous(1L << 62));

        assertEquals(Errno.ENOMEM, refused.error());
        assertThrows(IllegalArgumentException.class, () -> Mapping.anonymous(0));
    }

    @Test
    void a_file_of_huge_pages_is_mapped_whatever_the_range() throws Exception {
        Path pages = Path.of("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages");
        if (!Files.exists(pages) || Files.readString(pages).strip().equals("0")) {
            System.out.println("no huge page of 2 MiB is free, so none is mapped: " + pages);
            return;
        }
        Path mount = Files.createTempDirectory("virtio4j");
        assertEquals(0, new ProcessBuilder("mount", "-t", "hugetlbfs", "none", mount.toString())
                .inheritIO().start().waitFor());
        try (LinuxFile file = LinuxFile.open(mount.resolve("ram"), LinuxFile.Option.WRITE,
                LinuxFile.Option.CREATE)) {
            file.truncate(2 << 20);
            try (Mapping mapping = shared(file, 0xc0000, 0x10000, Access.READ_WRITE)) {
                mapping.segment().set(JAVA_LONG, 0xfff8, 42);
                assertEquals(42, mapping.segment().get(JAVA_LONG, 0xfff8));
            }
            assertFalse(Files.readString(Path.of("/proc/self/maps")).contains(mount.toString()));
        } finally {
            assertEquals(0, new ProcessBuilder("umount", mount.toString()).start().waitFor());
            Files.delete(mount);
        }
    }

    private static Mapping shared(LinuxFile file, long position, long length, Access access)
            throws IOException {
        return Mapping.shared(file.descriptor(), position, length, access);
    }
}
