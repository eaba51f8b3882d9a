// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.host.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

class MemoryFileTest {

    @Test
    void is_sparse_and_named() throws IOException {
        try (LinuxFile file = LinuxFile.memory("virtio4j ram", 1L << 40)) {
            assertEquals(1L << 40, file.size());
            assertEquals(0, file.allocatedBytes());
            assertEquals("/memfd:virtio4j ram (deleted)",
                    OpenDescriptors.target(file.descriptor().number()));
        }
    }

    @Test
    void can_be_cut_and_extended_until_it_is_sealed() throws IOException {
        try (LinuxFile file = LinuxFile.memory("sealed", 8192)) {
            file.truncate(4096);
            file.truncate(16384);
            file.seal(Seal.SHRINK, Seal.GROW);

            assertTrue(file.seals().containsAll(Set.of(Seal.SHRINK, Seal.GROW)));
            assertFalse(file.seals().contains(Seal.SEAL));
            assertError(Errno.EPERM, () -> file.truncate(16383));
            assertError(Errno.EPERM, () -> file.truncate(16385));
            assertEquals(16384, file.size());
        }
    }

    @Test
    void a_sealed_file_takes_no_more_seals() throws IOException {
        try (LinuxFile file = LinuxFile.memory("closed", 4096)) {
            file.seal(Seal.SHRINK, Seal.SEAL);

            assertError(Errno.EPERM, () -> file.seal(Seal.GROW));
            file.truncate(8192);
        }
    }

    @Test
    void writing_can_be_sealed_only_while_nobody_can_write() throws IOException {
        try (LinuxFile file = LinuxFile.memory("constant", 4096); Arena arena =
                Arena.ofConfined()) {
            try (Mapping writable =
                    Mapping.shared(file.descriptor(), 0, 4096, Mapping.Access.READ_WRITE)) {
                assertError(Errno.EBUSY, () -> file.seal(Seal.WRITE));
                assertTrue(writable.isOpen());
            }
            file.seal(Seal.WRITE);

            assertError(Errno.EPERM, () -> file.write(0, arena.allocate(1)));
            assertError(Errno.EPERM, () -> file.punchHole(0, 4096));
            assertError(Errno.EPERM,
                    () -> Mapping.shared(file.descriptor(), 0, 4096, Mapping.Access.READ_WRITE));
        }
    }

    @Test
    void seals_of_a_file_that_has_none_are_empty(@TempDir Path directory) throws IOException {
        Path path = Files.createFile(directory.resolve("plain"));
        try (LinuxFile file = LinuxFile.open(path, LinuxFile.Option.WRITE)) {
            assertFalse(file.seals().contains(Seal.SHRINK));
            assertThrows(LinuxException.class, () -> file.seal(Seal.SHRINK));
        }
    }

    @Test
    void a_name_too_long_and_a_negative_size_are_refused() {
        assertThrows(IllegalArgumentException.class, () -> LinuxFile.memory("x".repeat(250), 0));
        assertThrows(IllegalArgumentException.class, () -> LinuxFile.memory("x", -1));
    }

    @Test
    void the_longest_name_is_accepted() throws IOException {
        try (LinuxFile file = LinuxFile.memory("x".repeat(249), 1)) {
            assertEquals(1, file.size());
        }
    }

    private static void assertError(Errno expected,
            Executable executable) {
        assertEquals(expected, assertThrows(LinuxException.class, executable).error());
    }
}
