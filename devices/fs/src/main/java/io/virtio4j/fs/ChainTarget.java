// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.netty.buffer.ByteBuf;
import io.virtio4j.core.queue.ChainWriter;
import io.virtio4j.fs.backend.DataTarget;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/** Device-writable bytes of a chain, as many as a read may fill. */
final class ChainTarget implements DataTarget {

    private static final byte[] ZEROES = new byte[4096];

    private final ChainPieces pieces = new ChainPieces();
    private ChainWriter writer;
    private long length;
    private long position;

    ChainTarget(ChainWriter writer) {
        this.writer = writer;
    }

    /** Begins at the writer's position. */
    ChainTarget over(ChainWriter newWriter, long bytes) {
        writer = newWriter;
        length = bytes;
        position = 0;
        return this;
    }

    @Override
    public long remaining() {
        return length - position;
    }

    @Override
    public long position() {
        return position;
    }

    private void require(long count) {
        Objects.checkFromIndexSize(position, count, length);
    }

    @Override
    public void put(byte[] source, int offset, int count) {
        require(count);
        for (int done = 0; done < count; ) {
            int run = (int) writer.contiguous(count - done);
            MemorySegment.copy(source, offset + done, writer.segment(), JAVA_BYTE, writer.segmentOffset(), run);
            writer.advance(run);
            done += run;
        }
        position += count;
    }

    @Override
    public void put(MemorySegment source, long offset, long count) {
        require(count);
        writer.write(source, offset, count);
        position += count;
    }

    @Override
    public void zero(long count) {
        require(count);
        // The writer's own way to fill makes a segment each time.
        for (long left = count; left > 0; left -= Math.min(left, ZEROES.length)) {
            put(ZEROES, 0, (int) Math.min(left, ZEROES.length));
        }
    }

    @Override
    public ByteBuf view(int max) {
        Objects.checkIndex(0, remaining());
        return writer.view((int) Math.min(max, remaining()));
    }

    @Override
    public void advance(long count) {
        require(count);
        writer.advance(count);
        position += count;
    }

    @Override
    public int pieces(int most) {
        return pieces.collect(writer, remaining(), most);
    }

    @Override
    public MemorySegment segment(int piece) {
        return pieces.segment(piece);
    }

    @Override
    public long offset(int piece) {
        return pieces.offset(piece);
    }

    @Override
    public long length(int piece) {
        return pieces.length(piece);
    }
}
