// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.memory;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MemoryRegionTest {

    private static final long AT = 0x4000;

    private static void store(GuestMemory memory, long address, int value) {
        memory.write(address, MemorySegment.ofArray(new byte[] {(byte) value}));
    }

    private static int load(GuestMemory memory, long address) {
        byte[] one = new byte[1];
        memory.read(address, MemorySegment.ofArray(one));
        return one[0];
    }

    // ── Sources ────────────────────────────────────────────────────────────

    @Test
    void allocated_memory_is_zero_and_freed_with_its_region() {
        MemoryRegion region = MemoryRegion.allocate(AT, 8192);

        assertEquals(-1, region.segment().mismatch(MemorySegment.ofArray(new byte[8192])));
        region.close();

        assertFalse(region.segment().scope().isAlive());
    }

    @Test
    void a_large_region_lies_beyond_4_gib_and_costs_what_is_touched() throws IOException {
        long length = 6L << 30;
        try (GuestMemory memory = GuestMemory.of(MemoryRegion.allocate(1L << 32, length))) {
            long resident = residentKilobytes();

            for (long offset : new long[] {0, 1L << 31, (1L << 32) + 5, length - 1}) {
                store(memory, (1L << 32) + offset, 42);
                assertEquals(42, load(memory, (1L << 32) + offset));
            }

            assertTrue(residentKilobytes() - resident < 512 << 10, "memory is not sparse");
            assertThrows(IndexOutOfBoundsException.class, () -> load(memory, (1L << 32) - 1));
            assertThrows(IndexOutOfBoundsException.class, () -> load(memory, (1L << 32) + length));
        }
    }

    private static long residentKilobytes() throws IOException {
        Path status = Path.of("/proc/self/status");
        if (!Files.exists(status)) {
            return 0;
        }
        return Files.readAllLines(status).stream()
                .filter(line -> line.startsWith("VmRSS:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")))
                .findFirst().orElse(0);
    }

    @Test
    void a_segment_is_used_where_it_is() {
        try (Arena arena = Arena.ofShared()) {
            MemorySegment segment = arena.allocate(64);
            GuestMemory memory = GuestMemory.of(MemoryRegion.of(AT, segment));

            store(memory, AT + 5, 42);

            assertEquals(42, segment.get(JAVA_BYTE, 5));
            memory.close();
            assertTrue(segment.scope().isAlive());
        }
    }

    @Test
    void a_direct_buffer_is_used_from_position_to_limit() {
        ByteBuffer buffer = ByteBuffer.allocateDirect(64).position(8).limit(24);
        MemoryRegion region = MemoryRegion.of(AT, buffer);

        store(GuestMemory.of(region), AT, 42);

        assertEquals(42, buffer.get(8));
        assertEquals(16, region.length());
    }

    @Test
    void a_netty_buffer_is_retained_until_its_region_is_closed() {
        ByteBuf buffer = PooledByteBufAllocator.DEFAULT.directBuffer(64, 64);
        GuestMemory memory = GuestMemory.of(MemoryRegion.of(AT, buffer));
        assertEquals(2, buffer.refCnt());

        store(memory, AT + 63, 42);
        assertEquals(42, buffer.getByte(63));

        memory.close();
        assertEquals(1, buffer.refCnt());
        buffer.release();
    }

    @Test
    void a_part_of_a_file_is_shared_with_it(@TempDir Path folder) throws IOException {
        Path file = Files.write(folder.resolve("ram"), new byte[3 * 4096]);
        MemoryRegion region;
        try (FileChannel channel =
                FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            region = MemoryRegion.map(AT, channel, 4096, 4096, false);
        }

        store(GuestMemory.of(region), AT + 1, 42);

        assertEquals(42, Files.readAllBytes(file)[4097]);
        region.close();
    }

    @Test
    void a_file_that_is_mapped_read_only_is_not_written(@TempDir Path folder) throws IOException {
        Path file = Files.write(folder.resolve("rom"), new byte[4096]);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            MemoryRegion region = MemoryRegion.map(AT, channel, 0, 4096, true);
            GuestMemory memory = GuestMemory.of(region);

            assertTrue(region.isReadOnly());
            assertThrows(IndexOutOfBoundsException.class, () -> store(memory, AT, 1));
            memory.close();
        }
    }

    // ── What is refused ────────────────────────────────────────────────────

    @Test
    void memory_on_the_heap_is_refused() {
        for (Runnable wrong : List.<Runnable>of(
                () -> MemoryRegion.of(AT, MemorySegment.ofArray(new byte[64])),
                () -> MemoryRegion.of(AT, ByteBuffer.allocate(64)),
                () -> MemoryRegion.of(AT, Unpooled.buffer(64)))) {
            String message =
                    assertThrows(IllegalArgumentException.class, wrong::run).getMessage();
            assertTrue(message.startsWith("guest memory has to be off-heap: use"), message);
        }
    }

    @Test
    void memory_of_one_thread_is_refused() {
        try (Arena confined = Arena.ofConfined()) {
            MemorySegment segment = confined.allocate(64);
            String message = assertThrows(IllegalArgumentException.class,
                    () -> MemoryRegion.of(AT, segment)).getMessage();
            assertTrue(message.startsWith("guest memory is accessed by several threads: use"), message);
        }
    }

    @Test
    void a_region_that_is_empty_or_wraps_the_address_space_is_refused() {
        try (Arena arena = Arena.ofShared()) {
            MemorySegment segment = arena.allocate(64);
            assertThrows(IllegalArgumentException.class,
                    () -> MemoryRegion.of(AT, segment.asSlice(0, 0)));
            assertThrows(IllegalArgumentException.class, () -> MemoryRegion.of(-63, segment));
            assertEquals(-64, MemoryRegion.of(-64, segment).guestAddress());
        }
    }
}
