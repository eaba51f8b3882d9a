// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.blk;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * Keeps data on the heap. Sparse: what was never written, or was discarded, takes no memory.
 *
 * <p>Nothing survives the end of the process.
 */
public final class MemoryBackend implements BlockBackend {

    private static final int CHUNK_SHIFT = 16;
    private static final int CHUNK = 1 << CHUNK_SHIFT;
    private static final int CHUNK_MASK = CHUNK - 1;
    private static final int TABLE_SHIFT = 10;
    private static final int TABLE = 1 << TABLE_SHIFT;

    private static final byte[] ZEROES = new byte[CHUNK];

    private final long size;
    private final long most;
    private final AtomicLong taken = new AtomicLong();
    private final AtomicReferenceArray<AtomicReferenceArray<byte[]>> tables;

    /**
     * Creates storage of zeroes.
     *
     * @param size bytes; a multiple of 512, up to 64 TiB
     */
    public MemoryBackend(long size) {
        this(size, Long.MAX_VALUE);
    }

    /**
     * Creates storage of zeroes that fails to take more than a limit.
     *
     * @param size bytes; a multiple of 512, up to 64 TiB
     * @param most bytes of memory; used in pieces of 64 KiB
     */
    public MemoryBackend(long size, long most) {
        if (size <= 0 || size % 512 != 0 || size > 1L << 46) {
            throw new IllegalArgumentException(
                    "size has to be a positive multiple of 512, up to 2^46: size=" + size);
        }
        this.size = size;
        this.most = most;
        long perTable = (long) TABLE << CHUNK_SHIFT;
        tables = new AtomicReferenceArray<>((int) ((size + perTable - 1) / perTable));
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public void read(long offset, ByteBuf target) throws IOException {
        check(offset, target.writableBytes());
        for (long at = offset; target.isWritable(); ) {
            int inChunk = (int) (at & CHUNK_MASK);
            int run = Math.min(target.writableBytes(), CHUNK - inChunk);
            byte[] chunk = chunk(at);
            target.writeBytes(chunk == null ? ZEROES : chunk, inChunk, run);
            at += run;
        }
    }

    @Override
    public void write(long offset, ByteBuf source) throws IOException {
        check(offset, source.readableBytes());
        for (long at = offset; source.isReadable(); ) {
            int inChunk = (int) (at & CHUNK_MASK);
            int run = Math.min(source.readableBytes(), CHUNK - inChunk);
            source.readBytes(makeChunk(at), inChunk, run);
            at += run;
        }
    }

    private void check(long offset, long length) throws IOException {
        if (offset < 0 || offset > size - length) {
            throw new IOException("range passes the end: offset=" + offset + " length=" + length + " size="
                    + size);
        }
    }

    private byte @Nullable [] chunk(long at) {
        AtomicReferenceArray<byte[]> table = tables.get((int) (at >>> CHUNK_SHIFT + TABLE_SHIFT));
        return table == null ? null : table.get((int) (at >>> CHUNK_SHIFT) & TABLE - 1);
    }

    private byte[] makeChunk(long at) throws IOException {
        int tableIndex = (int) (at >>> CHUNK_SHIFT + TABLE_SHIFT);
        if (tables.get(tableIndex) == null) {
            tables.compareAndSet(tableIndex, null, new AtomicReferenceArray<>(TABLE));
        }
        int index = (int) (at >>> CHUNK_SHIFT) & TABLE - 1;
        while (true) { // a discard on another queue may take it away again
            byte[] chunk = chunk(at);
            if (chunk != null) {
                return chunk;
            }
            if (taken.addAndGet(CHUNK) > most) {
                taken.addAndGet(-CHUNK);
                throw new IOException("no memory left for the disk: most=" + most);
            }
            if (!tables.get(tableIndex).compareAndSet(index, null, new byte[CHUNK])) {
                taken.addAndGet(-CHUNK);
            }
        }
    }

    @Override
    public void force() {}

    @Override
    public boolean isDurable() {
        return false;
    }

    @Override
    public boolean canDeallocate() {
        return true;
    }

    @Override
    public long zero(long offset, long length, boolean mayUnmap) throws IOException {
        check(offset, length);
        int inChunk = (int) (offset & CHUNK_MASK);
        int run = (int) Math.min(length, CHUNK - inChunk);
        if (run == CHUNK) {
            return drop(offset, length);
        }
        byte[] chunk = chunk(offset);
        if (chunk != null) {
            Arrays.fill(chunk, inChunk, inChunk + run, (byte) 0);
        }
        return run;
    }

    @Override
    public long discard(long offset, long length) throws IOException {
        return zero(offset, length, true);
    }

    /** Drops whole chunks, up to a table of them. */
    private long drop(long offset, long length) {
        int first = (int) (offset >>> CHUNK_SHIFT) & TABLE - 1;
        int count = (int) Math.min(length >>> CHUNK_SHIFT, TABLE - first);
        AtomicReferenceArray<byte[]> table = tables.get((int) (offset >>> CHUNK_SHIFT + TABLE_SHIFT));
        for (int i = first; table != null && i < first + count; i++) {
            if (table.getAndSet(i, null) != null) {
                taken.addAndGet(-CHUNK);
            }
        }
        return (long) count << CHUNK_SHIFT;
    }

    /** How much memory the content takes, in bytes. */
    public long takenBytes() {
        return taken.get();
    }

    @Override
    public int gatherBelow() {
        return 0;
    }

    @Override
    public void close() {}
}
