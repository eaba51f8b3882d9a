// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.blk;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MemoryBackendTest {

    private static byte[] read(MemoryBackend memory, long offset, int length) throws IOException {
        byte[] bytes = new byte[length];
        memory.read(offset, Unpooled.wrappedBuffer(bytes).clear());
        return bytes;
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void it_holds_what_was_written_zeroed_and_discarded(long seed) throws IOException {
        int size = 400 << 10;
        MemoryBackend memory = new MemoryBackend(size);
        byte[] expected = new byte[size];
        SplittableRandom random = new SplittableRandom(seed);
        for (int i = 0; i < 300; i++) {
            int length = 512 * (1 + random.nextInt(400));
            int offset = 512 * random.nextInt((size - length) / 512 + 1);
            if (random.nextInt(3) == 0) {
                for (long done = 0; done < length; ) {
                    done += memory.zero(offset + done, length - done, random.nextBoolean());
                }
                Arrays.fill(expected, offset, offset + length, (byte) 0);
            } else {
                byte[] data = Disk.pattern(i, length);
                memory.write(offset, Unpooled.wrappedBuffer(data));
                System.arraycopy(data, 0, expected, offset, length);
            }
        }
        assertArrayEquals(expected, read(memory, 0, size));
    }

    @Test
    void what_was_not_written_takes_no_memory() throws IOException {
        MemoryBackend memory = new MemoryBackend(1L << 46);

        memory.write((1L << 46) - 512, Unpooled.wrappedBuffer(Disk.pattern(1, 512)));

        assertEquals(64 << 10, memory.takenBytes());
        assertArrayEquals(Disk.pattern(1, 512), read(memory, (1L << 46) - 512, 512));
        assertArrayEquals(new byte[1024], read(memory, 1L << 45, 1024));
    }

    @Test
    void ranges_outside_are_refused() {
        MemoryBackend memory = new MemoryBackend(1024);

        assertThrows(IOException.class, () -> read(memory, 512, 1024));
        assertThrows(IOException.class, () -> read(memory, -512, 512));
        assertThrows(IOException.class, () -> memory.write(1024, Unpooled.wrappedBuffer(new byte[512])));
        assertThrows(IOException.class, () -> memory.zero(Long.MAX_VALUE, 512, false));
    }

    @ParameterizedTest
    @ValueSource(longs = {0, -512, 511, 513, (1L << 46) + 512})
    void sizes_are_whole_sectors(long size) {
        assertThrows(IllegalArgumentException.class, () -> new MemoryBackend(size));
    }
}
