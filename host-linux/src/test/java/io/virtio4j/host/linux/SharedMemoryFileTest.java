// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.host.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Memory that others map too. */
class SharedMemoryFileTest {

    private static final int PAGE = Linux.pageSize();

    @Test
    void what_one_writes_another_reads() throws IOException {
        int before = OpenDescriptors.count();
        try (MemoryFile memory = MemoryFile.create("window", 3L * PAGE);
                Mapping other = Mapping.ofPeer(memory.descriptor(), PAGE, PAGE, Mapping.Access.READ_WRITE, false)) {
            memory.segment().set(JAVA_LONG, PAGE + 8L, 42);
            other.segment().set(JAVA_LONG, 16, 43);

            assertEquals(42, other.segment().get(JAVA_LONG, 8));
            assertEquals(43, memory.segment().get(JAVA_LONG, PAGE + 16L));
        }
        assertEquals(before, OpenDescriptors.count());
    }

    @Test
    void it_is_whole_pages_of_a_size_that_nobody_can_change() throws IOException {
        try (MemoryFile memory = MemoryFile.create("window", PAGE + 1L); LinuxFile file =
                LinuxFile.of(memory.descriptor().dup())) {
            assertEquals(2L * PAGE, memory.length());
            assertEquals(2L * PAGE, memory.segment().byteSize());
            assertTrue(file.seals().containsAll(Set.of(Seal.SHRINK, Seal.GROW)));
        }
    }

    @Test
    @SuppressWarnings("restricted")
    void a_part_is_found_in_the_file_and_nothing_else_is() throws IOException {
        try (MemoryFile memory = MemoryFile.create("window", 2L * PAGE); Arena arena = Arena.ofConfined()) {
            MemorySegment all = memory.segment();

            assertEquals(0, memory.positionOf(all));
            assertEquals(100, memory.positionOf(all.asSlice(100, 2L * PAGE - 100)));
            assertEquals(2L * PAGE, memory.positionOf(all.asSlice(2L * PAGE)));
            assertEquals(-1, memory.positionOf(MemorySegment.ofAddress(all.address() - 1).reinterpret(2)));
            assertEquals(-1, memory.positionOf(all.asSlice(PAGE).reinterpret(PAGE + 1L)));
            assertEquals(-1, memory.positionOf(arena.allocate(8)));
            assertEquals(-1, memory.positionOf(MemorySegment.ofArray(new byte[8])));
        }
    }

    @Test
    void others_keep_what_they_have_mapped() throws IOException {
        MemoryFile memory = MemoryFile.create("window", PAGE);
        try (Mapping other = Mapping.shared(memory.descriptor(), 0, PAGE, Mapping.Access.READ_WRITE)) {
            memory.segment().set(JAVA_BYTE, 0, (byte) 7);
            memory.close();
            memory.close();

            assertEquals(7, other.segment().get(JAVA_BYTE, 0));
        }
    }

    @Test
    void a_length_is_needed() {
        assertThrows(IllegalArgumentException.class, () -> MemoryFile.create("window", 0));
        assertThrows(IllegalArgumentException.class, () -> MemoryFile.create("window", Long.MAX_VALUE));
    }
}
