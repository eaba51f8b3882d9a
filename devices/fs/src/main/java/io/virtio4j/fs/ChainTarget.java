// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.netty.buffer.ByteBuf;
import io.virtio4j.core.queue.ChainCursor;
import io.virtio4j.core.queue.ChainWriter;
import io.virtio4j.fs.backend.DataTarget;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/** Device-writable bytes of a chain, as many as a read may fill. */
final class ChainTarget extends ChainData implements DataTarget {

    private static final byte[] ZEROES = new byte[4096];

    private ChainWriter writer;

    ChainTarget(ChainWriter writer) {
        this.writer = writer;
    }

    /** Begins at the writer's position. */
    ChainTarget over(ChainWriter newWriter, long bytes) {
        writer = newWriter;
        begin(bytes);
        return this;
    }

    @Override
    ChainCursor cursor() {
        return writer;
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
        moved(count);
    }

    @Override
    public void put(MemorySegment source, long offset, long count) {
        require(count);
        writer.write(source, offset, count);
        moved(count);
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
        moved(count);
    }
}
