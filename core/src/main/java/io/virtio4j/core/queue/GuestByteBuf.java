// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.queue;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.netty.buffer.AbstractByteBuf;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.util.IllegalReferenceCountException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.GatheringByteChannel;
import java.nio.channels.ScatteringByteChannel;
import org.jspecify.annotations.Nullable;

/**
 * A buffer over guest memory that is aimed at other bytes again and again: bounded, not resizable, not
 * counted. After {@link #close()} every access fails as one to a released buffer does.
 */
final class GuestByteBuf extends AbstractByteBuf {

    private static final ValueLayout.OfShort SHORT_BE =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfShort SHORT_LE =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT_BE =
            ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfInt INT_LE =
            ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG_BE =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfLong LONG_LE =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final ByteBufAllocator allocator;
    private MemorySegment segment = MemorySegment.NULL;
    private long start;
    private int length;
    private @Nullable ByteBuffer window; // holds the segment's bytes from windowStart
    private long windowStart;

    GuestByteBuf(ByteBufAllocator allocator) {
        super(Integer.MAX_VALUE);
        this.allocator = allocator;
    }

    /** Aims the buffer; {@code readable} or writable from its first byte to its last. */
    void open(MemorySegment at, long offset, int bytes, boolean readable) {
        segment = at;
        start = offset;
        length = bytes;
        maxCapacity(bytes);
        setIndex(0, 0);
        if (readable) {
            writerIndex(bytes);
        }
    }

    /** Lends the bytes as an NIO buffer too; its position 0 is the segment's {@code from}. */
    void window(ByteBuffer buffer, long from) {
        window = buffer;
        windowStart = from;
    }

    void close() {
        segment = MemorySegment.NULL;
        length = 0;
        window = null;
        setIndex(0, 0);
    }

    @Override
    public int capacity() {
        return length;
    }

    @Override
    public ByteBuf capacity(int newCapacity) {
        if (newCapacity != length) {
            throw new IllegalArgumentException("a view of guest memory has a fixed size: capacity=" + length);
        }
        return this;
    }

    @Override
    public ByteBufAllocator alloc() {
        return allocator;
    }

    @Override
    @SuppressWarnings("deprecation")
    public ByteOrder order() {
        return ByteOrder.BIG_ENDIAN;
    }

    @Override
    public @Nullable ByteBuf unwrap() {
        return null;
    }

    @Override
    public boolean isDirect() {
        return true;
    }

    // ── Values ─────────────────────────────────────────────────────────────

    @Override
    protected byte _getByte(int index) {
        return segment.get(JAVA_BYTE, start + index);
    }

    @Override
    protected void _setByte(int index, int value) {
        segment.set(JAVA_BYTE, start + index, (byte) value);
    }

    @Override
    protected short _getShort(int index) {
        return segment.get(SHORT_BE, start + index);
    }

    @Override
    protected void _setShort(int index, int value) {
        segment.set(SHORT_BE, start + index, (short) value);
    }

    @Override
    protected short _getShortLE(int index) {
        return segment.get(SHORT_LE, start + index);
    }

    @Override
    protected void _setShortLE(int index, int value) {
        segment.set(SHORT_LE, start + index, (short) value);
    }

    @Override
    protected int _getInt(int index) {
        return segment.get(INT_BE, start + index);
    }

    @Override
    protected void _setInt(int index, int value) {
        segment.set(INT_BE, start + index, value);
    }

    @Override
    protected int _getIntLE(int index) {
        return segment.get(INT_LE, start + index);
    }

    @Override
    protected void _setIntLE(int index, int value) {
        segment.set(INT_LE, start + index, value);
    }

    @Override
    protected long _getLong(int index) {
        return segment.get(LONG_BE, start + index);
    }

    @Override
    protected void _setLong(int index, long value) {
        segment.set(LONG_BE, start + index, value);
    }

    @Override
    protected long _getLongLE(int index) {
        return segment.get(LONG_LE, start + index);
    }

    @Override
    protected void _setLongLE(int index, long value) {
        segment.set(LONG_LE, start + index, value);
    }

    @Override
    protected int _getUnsignedMedium(int index) {
        return (_getByte(index) & 0xFF) << 16 | _getShort(index + 1) & 0xFFFF;
    }

    @Override
    protected int _getUnsignedMediumLE(int index) {
        return _getShortLE(index) & 0xFFFF | (_getByte(index + 2) & 0xFF) << 16;
    }

    @Override
    protected void _setMedium(int index, int value) {
        _setByte(index, value >>> 16);
        _setShort(index + 1, value);
    }

    @Override
    protected void _setMediumLE(int index, int value) {
        _setShortLE(index, value);
        _setByte(index + 2, value >>> 16);
    }

    // ── Bulk ───────────────────────────────────────────────────────────────

    @Override
    public ByteBuf getBytes(int index, ByteBuf target, int targetIndex, int bytes) {
        checkDstIndex(index, bytes, targetIndex, target.capacity());
        if (target instanceof GuestByteBuf other) {
            MemorySegment.copy(segment, start + index, other.segment, other.start + targetIndex, bytes);
        } else {
            target.setBytes(targetIndex, internalNioBuffer(index, bytes));
        }
        return this;
    }

    @Override
    public ByteBuf getBytes(int index, byte[] target, int targetIndex, int bytes) {
        checkDstIndex(index, bytes, targetIndex, target.length);
        MemorySegment.copy(segment, JAVA_BYTE, start + index, target, targetIndex, bytes);
        return this;
    }

    @Override
    public ByteBuf getBytes(int index, ByteBuffer target) {
        checkIndex(index, target.remaining());
        target.put(internalNioBuffer(index, target.remaining()));
        return this;
    }

    @Override
    public ByteBuf getBytes(int index, OutputStream target, int bytes) throws IOException {
        byte[] copy = new byte[bytes];
        getBytes(index, copy, 0, bytes);
        target.write(copy);
        return this;
    }

    @Override
    public int getBytes(int index, GatheringByteChannel target, int bytes) throws IOException {
        return target.write(internalNioBuffer(index, bytes));
    }

    @Override
    public int getBytes(int index, FileChannel target, long position, int bytes) throws IOException {
        return target.write(internalNioBuffer(index, bytes), position);
    }

    @Override
    public ByteBuf setBytes(int index, ByteBuf source, int sourceIndex, int bytes) {
        checkSrcIndex(index, bytes, sourceIndex, source.capacity());
        if (source instanceof GuestByteBuf other) {
            MemorySegment.copy(other.segment, other.start + sourceIndex, segment, start + index, bytes);
        } else {
            source.getBytes(sourceIndex, internalNioBuffer(index, bytes));
        }
        return this;
    }

    @Override
    public ByteBuf setBytes(int index, byte[] source, int sourceIndex, int bytes) {
        checkSrcIndex(index, bytes, sourceIndex, source.length);
        MemorySegment.copy(source, sourceIndex, segment, JAVA_BYTE, start + index, bytes);
        return this;
    }

    @Override
    public ByteBuf setBytes(int index, ByteBuffer source) {
        int bytes = source.remaining();
        checkIndex(index, bytes);
        internalNioBuffer(index, bytes).put(source);
        return this;
    }

    @Override
    public int setBytes(int index, InputStream source, int bytes) throws IOException {
        byte[] copy = new byte[bytes];
        checkIndex(index, bytes);
        int count = source.read(copy);
        if (count > 0) {
            setBytes(index, copy, 0, count);
        }
        return count;
    }

    @Override
    public int setBytes(int index, ScatteringByteChannel source, int bytes) throws IOException {
        return source.read(internalNioBuffer(index, bytes));
    }

    @Override
    public int setBytes(int index, FileChannel source, long position, int bytes) throws IOException {
        return source.read(internalNioBuffer(index, bytes), position);
    }

    @Override
    public ByteBuf copy(int index, int bytes) {
        checkIndex(index, bytes);
        ByteBuf copy = allocator.buffer(bytes, bytes);
        return copy.writeBytes(this, index, bytes);
    }

    // ── NIO ────────────────────────────────────────────────────────────────

    @Override
    public int nioBufferCount() {
        return 1;
    }

    @Override
    public ByteBuffer nioBuffer(int index, int bytes) {
        checkIndex(index, bytes);
        return segment.asSlice(start + index, bytes).asByteBuffer();
    }

    @Override
    public ByteBuffer internalNioBuffer(int index, int bytes) {
        checkIndex(index, bytes);
        ByteBuffer shared = window;
        if (shared == null) {
            return nioBuffer(index, bytes);
        }
        int from = (int) (start + index - windowStart);
        return shared.clear().position(from).limit(from + bytes);
    }

    @Override
    public ByteBuffer[] nioBuffers(int index, int bytes) {
        return new ByteBuffer[] {nioBuffer(index, bytes)};
    }

    @Override
    public boolean hasArray() {
        return false;
    }

    @Override
    public byte[] array() {
        throw new UnsupportedOperationException("guest memory is off-heap");
    }

    @Override
    public int arrayOffset() {
        throw new UnsupportedOperationException("guest memory is off-heap");
    }

    /** The raw address stays inside: what uses it is not checked against the memory's life. */
    @Override
    public boolean hasMemoryAddress() {
        return false;
    }

    @Override
    public long memoryAddress() {
        throw new UnsupportedOperationException("guest memory is reached through its segment");
    }

    // ── Lifetime ───────────────────────────────────────────────────────────

    @Override
    public int refCnt() {
        return length == 0 ? 0 : 1;
    }

    @Override
    public ByteBuf retain() {
        throw notCounted();
    }

    @Override
    public ByteBuf retain(int increment) {
        throw notCounted();
    }

    @Override
    public boolean release() {
        throw notCounted();
    }

    @Override
    public boolean release(int decrement) {
        throw notCounted();
    }

    private static IllegalReferenceCountException notCounted() {
        return new IllegalReferenceCountException(
                "a view of guest memory is borrowed from its chain: copy it to keep it");
    }

    @Override
    public ByteBuf touch() {
        return this;
    }

    @Override
    public ByteBuf touch(Object hint) {
        return this;
    }
}
