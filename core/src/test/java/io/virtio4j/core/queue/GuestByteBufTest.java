// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.queue;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.util.IllegalReferenceCountException;
import io.virtio4j.core.memory.MemoryRegion;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class GuestByteBufTest {

    private static final int START = 100;
    private static final int SIZE = 64;

    private final Arena arena = Arena.ofShared();
    private final MemorySegment memory = arena.allocate(1024);
    private final ChainViews views = new ChainViews();

    @AfterEach
    void free() {
        arena.close();
    }

    @Test
    void behaves_as_a_heap_buffer_does_under_random_writes_and_reads() {
        ByteBuf view = views.view(memory, START, SIZE, true);
        ByteBuf model = Unpooled.buffer(SIZE, SIZE).writerIndex(SIZE);
        view.writerIndex(SIZE);
        SplittableRandom random = new SplittableRandom(42);
        for (int i = 0; i < 20_000; i++) {
            int kind = random.nextInt(12);
            int index = random.nextInt(SIZE - 8);
            long value = random.nextLong();
            write(view, kind, index, value);
            write(model, kind, index, value);
            assertEquals(read(model, kind, index), read(view, kind, index), "kind " + kind);
        }
        assertArrayEquals(bytes(model), bytes(view));
    }

    private static void write(ByteBuf to, int kind, int index, long value) {
        switch (kind) {
            case 0 -> to.setByte(index, (int) value);
            case 1 -> to.setShort(index, (int) value);
            case 2 -> to.setShortLE(index, (int) value);
            case 3 -> to.setMedium(index, (int) value);
            case 4 -> to.setMediumLE(index, (int) value);
            case 5 -> to.setInt(index, (int) value);
            case 6 -> to.setIntLE(index, (int) value);
            case 7 -> to.setLong(index, value);
            case 8 -> to.setLongLE(index, value);
            case 9 -> to.setBytes(index, new byte[] {(byte) value, (byte) (value >> 8), 3});
            case 10 -> to.setBytes(index, Unpooled.wrappedBuffer(new byte[] {(byte) value, 7}));
            default -> to.setBytes(index, ByteBuffer.wrap(new byte[] {9, (byte) value}));
        }
    }

    private static long read(ByteBuf from, int kind, int index) {
        return switch (kind) {
            case 0 -> from.getByte(index);
            case 1 -> from.getShort(index);
            case 2 -> from.getShortLE(index);
            case 3 -> from.getUnsignedMedium(index);
            case 4 -> from.getUnsignedMediumLE(index);
            case 5 -> from.getInt(index);
            case 6 -> from.getIntLE(index);
            case 7 -> from.getLong(index);
            default -> from.getLongLE(index);
        };
    }

    private static byte[] bytes(ByteBuf from) {
        byte[] bytes = new byte[SIZE];
        from.getBytes(0, bytes);
        return bytes;
    }

    @Test
    void touches_no_byte_outside() {
        memory.fill((byte) 0x55);
        ByteBuf view = views.view(memory, START, SIZE, true);

        view.writeZero(SIZE);

        assertThrows(IndexOutOfBoundsException.class, () -> view.writeByte(1));
        assertThrows(IndexOutOfBoundsException.class, () -> view.setLong(SIZE - 7, 1));
        assertThrows(IndexOutOfBoundsException.class, () -> view.internalNioBuffer(1, SIZE));
        assertEquals(0x55, memory.get(ValueLayout.JAVA_BYTE, START - 1));
        assertEquals(0x55, memory.get(ValueLayout.JAVA_BYTE, START + SIZE));
    }

    @Test
    void moves_bytes_to_and_from_every_kind_of_peer() throws IOException {
        ByteBuf view = views.view(memory, START, SIZE, true);
        byte[] pattern = new byte[SIZE];
        new SplittableRandom(7).nextBytes(pattern);

        assertEquals(SIZE, view.setBytes(0, new ByteArrayInputStream(pattern), SIZE));

        ByteArrayOutputStream stream = new ByteArrayOutputStream();
        view.getBytes(0, stream, SIZE);
        assertArrayEquals(pattern, stream.toByteArray());
        ByteBuf direct = Unpooled.directBuffer(SIZE);
        view.getBytes(0, direct, SIZE);
        assertArrayEquals(pattern, bytes(direct));
        ByteBuffer nio = ByteBuffer.allocateDirect(SIZE);
        view.getBytes(0, nio);
        assertEquals(0, nio.remaining());
        ByteBuf copy = view.copy(0, SIZE);
        assertArrayEquals(pattern, bytes(copy));
        direct.release();
        copy.release();
    }

    @Test
    void is_dead_after_it_was_taken_back() {
        ByteBuf view = views.view(memory, START, SIZE, false);

        views.close();

        assertThrows(IllegalReferenceCountException.class, () -> view.getByte(0));
        assertEquals(0, view.refCnt());
    }

    @Test
    void cannot_be_kept_by_retaining_it() {
        ByteBuf view = views.view(memory, START, SIZE, false);
        assertThrows(IllegalReferenceCountException.class, view::retain);
        assertThrows(IllegalReferenceCountException.class, view::release);
    }

    @Test
    void reaches_bytes_beyond_two_gibibytes_through_nio() {
        try (MemoryRegion region = MemoryRegion.allocate(0, 3L << 30)) {
            region.segment().set(ValueLayout.JAVA_BYTE, (2L << 30) + 4, (byte) 0x77);
            ByteBuf view = views.view(region.segment(), (2L << 30) - 8, 16, false);
            ByteBuffer nio = view.internalNioBuffer(0, 16);
            assertEquals(16, nio.remaining());
            assertEquals(0x77, nio.get(nio.position() + 12));
            views.forget();
        }
    }
}
