// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.netty.buffer.ByteBuf;
import io.virtio4j.core.queue.ChainCursor;
import io.virtio4j.core.queue.ChainReader;
import io.virtio4j.fs.backend.DataSource;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/** Device-readable bytes of a chain, as many as a write may take. */
final class ChainSource extends ChainData implements DataSource {

    private ChainReader reader;
    /** How far the reader is ahead, because its views move it. */
    private long ahead;

    ChainSource(ChainReader reader) {
        this.reader = reader;
    }

    /** Begins at the reader's position. */
    ChainSource over(ChainReader newReader, long bytes) {
        reader = newReader;
        begin(bytes);
        ahead = 0;
        return this;
    }

    private void settle() {
        if (ahead > 0) {
            reader.seek(reader.position() - ahead);
            ahead = 0;
        }
    }

    @Override
    ChainCursor cursor() {
        settle();
        return reader;
    }

    @Override
    public void get(byte[] target, int offset, int count) {
        require(count);
        settle();
        for (int done = 0; done < count; ) {
            int run = (int) reader.contiguous(count - done);
            MemorySegment.copy(reader.segment(), JAVA_BYTE, reader.segmentOffset(), target, offset + done, run);
            reader.skip(run);
            done += run;
        }
        moved(count);
    }

    @Override
    public void get(MemorySegment target, long offset, long count) {
        require(count);
        settle();
        reader.read(target, offset, count);
        moved(count);
    }

    @Override
    public ByteBuf view(int max) {
        Objects.checkIndex(0, remaining());
        settle();
        ByteBuf view = reader.view((int) Math.min(max, remaining()));
        ahead = view.readableBytes();
        return view;
    }

    @Override
    public void advance(long count) {
        require(count);
        if (count > ahead) {
            reader.skip(count - ahead);
        }
        ahead = Math.max(0, ahead - count);
        moved(count);
    }
}
