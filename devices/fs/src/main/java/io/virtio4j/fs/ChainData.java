// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs;

import io.virtio4j.core.queue.ChainCursor;
import io.virtio4j.fs.backend.DataPieces;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/** Bytes of a chain, from a position of its cursor on, as many as a request may move. */
abstract class ChainData implements DataPieces {

    private final ChainPieces pieces = new ChainPieces();
    private long length;
    private long position;

    /** Begins at the cursor's position. */
    final void begin(long bytes) {
        length = bytes;
        position = 0;
    }

    /** The cursor, at the position. */
    abstract ChainCursor cursor();

    @Override
    public final long remaining() {
        return length - position;
    }

    @Override
    public final long position() {
        return position;
    }

    final void require(long count) {
        Objects.checkFromIndexSize(position, count, length);
    }

    /** The cursor was moved. */
    final void moved(long count) {
        position += count;
    }

    @Override
    public final int pieces(int most) {
        return pieces.collect(cursor(), remaining(), most);
    }

    @Override
    public final MemorySegment segment(int piece) {
        return pieces.segment(piece);
    }

    @Override
    public final long offset(int piece) {
        return pieces.offset(piece);
    }

    @Override
    public final long length(int piece) {
        return pieces.length(piece);
    }
}
