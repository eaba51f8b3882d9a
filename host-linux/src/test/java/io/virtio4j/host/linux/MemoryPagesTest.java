// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.host.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.host.linux.Mapping.Access;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MemoryPagesTest {
    private static final int PAGE = Linux.pageSize();

    @Test
    void shared_memory_is_given_back_for_all_who_map_it() throws IOException {
        try (LinuxFile file = LinuxFile.memory("shared", 8L * PAGE);
                Mapping one = Mapping.shared(file.descriptor(), 0, 8L * PAGE, Access.READ_WRITE);
                Mapping other = Mapping.shared(file.descriptor(), 0, 8L * PAGE, Access.READ_WRITE)) {
            one.segment().fill((byte) 7);

            assertTrue(MemoryPages.giveBack(one.segment(), 2L * PAGE, 3L * PAGE));

            assertEquals(5L * PAGE, file.allocatedBytes());
            assertEquals(7, other.segment().get(JAVA_BYTE, 2L * PAGE - 1));
            assertEquals(0, other.segment().get(JAVA_BYTE, 2L * PAGE));
            assertEquals(0, other.segment().get(JAVA_BYTE, 5L * PAGE - 1));
            assertEquals(7, other.segment().get(JAVA_BYTE, 5L * PAGE));
        }
    }

    @Test
    void memory_of_the_process_alone_reads_as_zeroes_again() throws IOException {
        try (Mapping mapping = Mapping.anonymous(4L * PAGE); Arena arena = Arena.ofShared()) {
            for (MemorySegment memory : new MemorySegment[] {mapping.segment(), arena.allocate(4L * PAGE, PAGE)}) {
                memory.fill((byte) 7);

                assertTrue(MemoryPages.giveBack(memory, PAGE, PAGE));

                assertEquals(7, memory.get(JAVA_BYTE, PAGE - 1));
                assertEquals(0, memory.get(JAVA_BYTE, PAGE));
                assertEquals(0, memory.get(JAVA_BYTE, 2L * PAGE - 1));
                memory.set(JAVA_BYTE, PAGE, (byte) 9);
                assertEquals(9, memory.get(JAVA_BYTE, PAGE), "it takes memory again");
            }
        }
    }

    @Test
    void a_private_mapping_of_a_file_is_left_alone(@TempDir Path directory) throws IOException {
        Path path = Files.write(directory.resolve("file"), new byte[2 * PAGE]);
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE);
                Arena arena = Arena.ofShared()) {
            MemorySegment memory = channel.map(MapMode.PRIVATE, 0, 2L * PAGE, arena);
            memory.fill((byte) 7);

            assertFalse(MemoryPages.giveBack(memory, 0, PAGE));

            assertEquals(7, memory.get(JAVA_BYTE, 0));
        }
    }

    @Test
    void what_is_no_whole_page_or_may_not_be_written_is_refused() throws IOException {
        try (Mapping mapping = Mapping.anonymous(4L * PAGE)) {
            MemorySegment memory = mapping.segment();
            assertThrows(IllegalArgumentException.class, () -> MemoryPages.giveBack(memory, 1, PAGE));
            assertThrows(IllegalArgumentException.class, () -> MemoryPages.giveBack(memory, 0, PAGE - 1));
            assertThrows(IllegalArgumentException.class, () -> MemoryPages.giveBack(memory, 0, 0));
            assertThrows(IllegalArgumentException.class,
                    () -> MemoryPages.giveBack(memory.asReadOnly(), 0, PAGE));
            assertThrows(IllegalArgumentException.class,
                    () -> MemoryPages.giveBack(MemorySegment.ofArray(new byte[2 * PAGE]), 0, PAGE));
            assertThrows(IndexOutOfBoundsException.class,
                    () -> MemoryPages.giveBack(memory, 4L * PAGE, PAGE));
        }
    }

    @Test
    void pages_show_a_file_and_become_memory_again() throws IOException {
        try (LinuxFile file = LinuxFile.memory("shown", 4L * PAGE); Mapping mapping = Mapping.anonymous(4L * PAGE);
                Arena arena = Arena.ofConfined()) {
            MemorySegment memory = mapping.segment();
            memory.fill((byte) 1);
            file.write(3L * PAGE, arena.allocate(PAGE).fill((byte) 7));

            MemoryPages.show(memory, PAGE, 2L * PAGE, file.descriptor(), 2L * PAGE, true);

            assertEquals(1, memory.get(JAVA_BYTE, PAGE - 1));
            assertEquals(0, memory.get(JAVA_BYTE, PAGE));
            assertEquals(7, memory.get(JAVA_BYTE, 2L * PAGE));
            memory.set(JAVA_BYTE, PAGE, (byte) 9);
            MemorySegment one = arena.allocate(1);
            file.read(2L * PAGE, one);
            assertEquals(9, one.get(JAVA_BYTE, 0));

            MemoryPages.clear(memory, PAGE, PAGE);

            assertEquals(0, memory.get(JAVA_BYTE, PAGE));
            assertEquals(7, memory.get(JAVA_BYTE, 2L * PAGE));
            memory.set(JAVA_BYTE, PAGE, (byte) 8);
            file.read(2L * PAGE, one);
            assertEquals(9, one.get(JAVA_BYTE, 0));
            assertThrows(IllegalArgumentException.class, () -> MemoryPages.clear(memory, 1, PAGE));
            assertThrows(LinuxException.class,
                    () -> MemoryPages.show(memory, 0, PAGE, file.descriptor(), 1, false));
        }
    }
}
