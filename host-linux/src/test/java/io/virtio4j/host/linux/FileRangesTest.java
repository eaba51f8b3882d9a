// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.host.linux;

import static io.virtio4j.host.linux.LinuxNodeTest.assertError;
import static io.virtio4j.host.linux.LinuxNodeTest.bytes;
import static io.virtio4j.host.linux.LinuxNodeTest.read;
import static io.virtio4j.host.linux.LinuxNodeTest.write;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.virtio4j.host.linux.LinuxNode.Access;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Ranges that are copied, made and unmade, and writes that stop in the middle. */
class FileRangesTest {
    private static final int KEEP_SIZE = 1;
    private static final int PUNCH_HOLE = 2;

    @TempDir
    Path directory;

    private final Arena arena = Arena.ofAuto();
    private LinuxNode root;
    private LinuxFile file;
    private LinuxNode node;

    @BeforeEach
    void create() throws IOException {
        root = LinuxNode.root(directory);
        file = root.create(bytes("file"), 0600, Access.READ_WRITE);
        node = LinuxNode.of(file);
    }

    @AfterEach
    void close() {
        node.close();
        file.close();
        root.close();
    }

    @Test
    void ranges_are_copied_by_the_kernel() throws IOException {
        write(file, 0, "0123456789");
        try (LinuxFile other = root.create(bytes("other"), 0600, Access.READ_WRITE);
                LinuxNode otherNode = LinuxNode.of(other)) {
            assertEquals(4, file.copyTo(2, other, 1, 4));
            assertEquals("\0002345", read(otherNode));
            assertEquals(2, file.copyTo(8, other, 0, 100));
            assertEquals(0, file.copyTo(10, other, 0, 100));
            assertEquals("89345", read(otherNode));
        }
    }

    @Test
    void space_is_allocated_and_punched_by_flags() throws IOException {
        file.fallocate(KEEP_SIZE, 0, 1 << 20);
        assertEquals(0, file.size());
        assertEquals(1 << 20, file.allocatedBytes());

        file.truncate(1 << 20);
        file.fallocate(KEEP_SIZE | PUNCH_HOLE, 0, 1 << 20);
        assertEquals(0, file.allocatedBytes());
        assertError(Errno.EOPNOTSUPP, () -> file.fallocate(1 << 20, 0, 1));
    }

    @Test
    void one_call_tells_how_much_it_moved() throws IOException {
        IoVector vector = IoVector.ofThread();
        MemorySegment memory = text("abcdefgh");
        vector.add(memory, 2, 3);
        vector.add(memory, 0, 2);

        assertEquals(5, vector.bytes());
        assertEquals(5, file.writeSome(1, vector));
        assertEquals("\0cdeab", read(node));
        assertEquals(3, file.readSome(3, vector));
        assertEquals("abeabfgh", UTF_8.decode(memory.asByteBuffer()).toString());
        assertEquals(0, file.readSome(6, vector));
        vector.clear();
        assertEquals(0, file.writeSome(0, vector));
        vector.add(memory.asReadOnly(), 0, 1);
        assertEquals(1, file.writeSome(0, vector));
        assertThrows(IllegalArgumentException.class, () -> file.readSome(0, vector));
    }

    @Test
    void a_vector_takes_pieces_of_native_memory_until_it_is_full() {
        IoVector vector = IoVector.ofThread();
        MemorySegment memory = arena.allocate(8);
        for (int i = 0; i < IoVector.MAX_PARTS; i++) {
            assertEquals(true, vector.add(memory, 0, 1));
        }
        assertEquals(false, vector.add(memory, 0, 1));
        assertEquals(IoVector.MAX_PARTS, vector.count());
        vector.clear();
        assertThrows(IndexOutOfBoundsException.class, () -> vector.add(memory, 1, 8));
        assertThrows(IllegalArgumentException.class, () -> vector.add(MemorySegment.ofArray(new byte[8]), 0, 8));
        for (int i = 0; i < 4; i++) {
            assertEquals(true, vector.add(Arena.ofAuto().allocate(8), 0, 8));
        }
        assertEquals(false, vector.add(Arena.ofAuto().allocate(8), 0, 8), "a fifth arena");
        vector.clear();
    }

    private MemorySegment text(String text) {
        return arena.allocateFrom(text, UTF_8).asSlice(0, text.length());
    }
}
