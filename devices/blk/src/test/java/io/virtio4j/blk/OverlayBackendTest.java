// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.blk;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.virtio4j.blk.FaultyBackend.Call;
import io.virtio4j.blk.FaultyBackend.Fault;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OverlayBackendTest {

    /** Not a whole number of clusters. */
    private static final int SIZE = 100 * 4096 + 512;

    @TempDir
    private Path directory;

    private final byte[] content = Disk.pattern(1, SIZE);

    private ReadOnlyBackend base() throws IOException {
        MemoryBackend memory = new MemoryBackend(SIZE);
        memory.write(0, Unpooled.wrappedBuffer(content));
        return new ReadOnlyBackend(memory);
    }

    private static byte[] read(BlockBackend backend, long offset, int length) throws IOException {
        byte[] bytes = new byte[length];
        backend.read(offset, Unpooled.wrappedBuffer(bytes).clear());
        return bytes;
    }

    /** Random reads and writes, compared with an array. */
    private void exercise(OverlayBackend overlay, long seed) throws IOException {
        SplittableRandom random = new SplittableRandom(seed);
        for (int i = 0; i < 500; i++) {
            int length = 512 * (1 + random.nextInt(40));
            int offset = 512 * random.nextInt((SIZE - length) / 512 + 1);
            if (random.nextBoolean()) {
                byte[] data = Disk.pattern(seed * 1000 + i, length);
                overlay.write(offset, Unpooled.wrappedBuffer(data));
                System.arraycopy(data, 0, content, offset, length);
            } else {
                byte[] expected = new byte[length];
                System.arraycopy(content, offset, expected, 0, length);
                assertArrayEquals(expected, read(overlay, offset, length));
            }
        }
        assertArrayEquals(content, read(overlay, 0, SIZE));
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void in_memory_it_holds_what_was_written_over_its_base(long seed) throws IOException {
        exercise(OverlayBackend.inMemory(base()), seed);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void in_a_file_it_holds_what_was_written_over_its_base(long seed) throws IOException {
        Path file = directory.resolve("overlay");
        try (OverlayBackend overlay = OverlayBackend.inFile(base(), file)) {
            exercise(overlay, seed);
            overlay.force();
        }
        byte[] expected = content.clone();
        System.arraycopy(Disk.pattern(1, SIZE), 0, content, 0, SIZE);
        try (OverlayBackend overlay = OverlayBackend.inFile(base(), file)) {
            assertArrayEquals(expected, read(overlay, 0, SIZE));
        }
    }

    @Test
    void the_base_is_never_written() throws IOException {
        MemoryBackend memory = new MemoryBackend(1 << 20);
        memory.write(0, Unpooled.wrappedBuffer(Disk.pattern(1, 4096)));
        try (Disk disk = Disk.of(OverlayBackend.inMemory(memory))) {
            disk.write(0, Disk.pattern(2, 512));
            disk.ranges(Disk.WRITE_ZEROES, new Disk.Range(4, 2, 0));
        }

        assertArrayEquals(Disk.pattern(1, 4096), read(memory, 0, 4096));
    }

    @Test
    void overlays_share_a_base() throws IOException {
        ReadOnlyBackend base = base();
        OverlayBackend one = OverlayBackend.inMemory(base);
        OverlayBackend other = OverlayBackend.inMemory(base);

        one.write(0, Unpooled.wrappedBuffer(new byte[512]));

        assertArrayEquals(new byte[512], read(one, 0, 512));
        assertArrayEquals(Arrays.copyOf(content, 512), read(other, 0, 512));
        assertEquals(4096, one.writtenBytes());
        assertEquals(0, other.writtenBytes());
    }

    @Test
    void in_memory_it_can_be_limited() throws IOException {
        OverlayBackend overlay = OverlayBackend.inMemory(new MemoryBackend(1 << 20), 128 << 10);
        try (Disk disk = Disk.of(overlay)) {
            assertEquals(Disk.OK, disk.write(0, new byte[128 << 10]).status());
            assertEquals(Disk.IOERR, disk.write(512, new byte[512]).status());
            assertEquals(Disk.OK, disk.write(4, new byte[512]).status());
        }
    }

    @Test
    void a_write_that_failed_leaves_the_base_to_be_seen() throws IOException {
        FaultyBackend layer = new FaultyBackend(new MemoryBackend(OverlayBackend.layerSize(SIZE)));
        OverlayBackend overlay = OverlayBackend.inLayer(base(), layer, true, "layer");
        layer.injectAlways(Call.WRITE, Fault.error("No space left on device"));

        assertThrows(IOException.class, () -> overlay.write(512, Unpooled.wrappedBuffer(new byte[512])));

        assertArrayEquals(content, read(overlay, 0, SIZE));
    }

    @Test
    void a_copy_of_the_base_that_failed_is_an_error() throws IOException {
        FaultyBackend base = new FaultyBackend(base());
        base.inject(Call.READ, 1, Fault.shortTransfer());
        OverlayBackend overlay = OverlayBackend.inMemory(base);

        assertThrows(IOException.class, () -> overlay.write(512, Unpooled.wrappedBuffer(new byte[512])));
    }

    @Test
    void a_force_that_failed_stores_the_map_later() throws IOException {
        FaultyBackend layer = new FaultyBackend(new Durable(OverlayBackend.layerSize(SIZE)));
        OverlayBackend overlay = OverlayBackend.inLayer(base(), layer, true, "layer");
        overlay.write(0, Unpooled.wrappedBuffer(new byte[4096]));
        layer.injectAlways(Call.FORCE, Fault.error("Input/output error"));
        assertThrows(IOException.class, overlay::force);
        layer.heal();

        overlay.force();

        OverlayBackend again = OverlayBackend.inLayer(base(), layer, false, "layer");
        assertArrayEquals(new byte[4096], read(again, 0, 4096));
    }

    /** Memory that says that it is durable. */
    private static final class Durable extends RecordedStorage.TestBackend {
        private final MemoryBackend memory;

        Durable(long size) {
            super(size);
            memory = new MemoryBackend(size);
        }

        @Override
        public void read(long offset, ByteBuf target) throws IOException {
            memory.read(offset, target);
        }

        @Override
        public void write(long offset, ByteBuf source) throws IOException {
            memory.write(offset, source);
        }

        @Override
        public void force() {}
    }

    @Test
    void a_file_of_another_base_is_refused() throws IOException {
        Path file = directory.resolve("overlay");
        OverlayBackend.inFile(base(), file).close();

        IOException refusal = assertThrows(IOException.class,
                () -> OverlayBackend.inFile(new MemoryBackend(1 << 20), file));
        assertTrue(refusal.getMessage().contains("is not an overlay of this base"), refusal.getMessage());
        Path other = directory.resolve("other");
        Files.write(other, new byte[1 << 20]);
        assertThrows(IOException.class, () -> OverlayBackend.inFile(base(), other));
    }

    @Test
    void only_a_file_is_durable() throws IOException {
        try (OverlayBackend file = OverlayBackend.inFile(base(), directory.resolve("overlay"));
                OverlayBackend memory = OverlayBackend.inMemory(base())) {
            assertTrue(file.isDurable());
            assertFalse(memory.isDurable());
            memory.force();
        }
    }
}
