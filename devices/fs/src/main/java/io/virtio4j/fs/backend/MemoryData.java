// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs.backend;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/** One piece of memory that is not the guest's. */
final class MemoryData implements DataTarget, DataSource {

    private final MemorySegment memory;
    private final boolean target;
    private long position;

    MemoryData(MemorySegment memory, boolean target) {
        this.memory = memory;
        this.target = target;
    }

    @Override
    public long remaining() {
        return memory.byteSize() - position;
    }

    @Override
    public long position() {
        return position;
    }

    @Override
    public void put(byte[] source, int offset, int count) {
        MemorySegment.copy(source, offset, memory, JAVA_BYTE, position, count);
        position += count;
    }

    @Override
    public void put(MemorySegment source, long offset, long count) {
        MemorySegment.copy(source, offset, memory, position, count);
        position += count;
    }

    @Override
    public void zero(long count) {
        memory.asSlice(position, count).fill((byte) 0);
        position += count;
    }

    @Override
    public void get(byte[] target, int offset, int count) {
        MemorySegment.copy(memory, JAVA_BYTE, position, target, offset, count);
        position += count;
    }

    @Override
    public void get(MemorySegment target, long offset, long count) {
        MemorySegment.copy(memory, position, target, offset, count);
        position += count;
    }

    @Override
    public ByteBuf view(int max) {
        Objects.checkIndex(0, remaining());
        long count = Math.min(max, remaining());
        ByteBuf view = Unpooled.wrappedBuffer(memory.asSlice(position, count).asByteBuffer());
        return target ? view.clear() : view;
    }

    @Override
    public void advance(long count) {
        Objects.checkFromIndexSize(position, count, memory.byteSize());
        position += count;
    }

    @Override
    public int pieces(int most) {
        return remaining() > 0 && most > 0 ? 1 : 0;
    }

    @Override
    public MemorySegment segment(int piece) {
        return memory;
    }

    @Override
    public long offset(int piece) {
        return position;
    }

    @Override
    public long length(int piece) {
        return remaining();
    }
}
