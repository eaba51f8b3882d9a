// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.queue;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.netty.buffer.ByteBuf;
import io.virtio4j.core.fault.ChainFault;
import io.virtio4j.core.wire.Le16;
import io.virtio4j.core.wire.Le32;
import io.virtio4j.core.wire.Le64;
import java.lang.foreign.MemorySegment;

/**
 * Writes the device-writable bytes of a chain, however the driver arranged them in descriptors. [Message
 * Framing]
 *
 * <p>Never reads them. Every method that would write past the end throws {@link ChainFault} before it
 * moves a byte.
 */
public final class ChainWriter extends ChainCursor {

    private static final Le16 LE16 = new Le16(0);
    private static final Le32 LE32 = new Le32(0);
    private static final Le64 LE64 = new Le64(0);

    private long written;
    private long lowest;
    private long highest;

    ChainWriter(DescriptorChain chain, Pieces pieces) {
        super(chain, pieces);
    }

    @Override
    int firstPiece() {
        return pieces.readableCount();
    }

    /** Nothing is written yet. */
    void forget() {
        written = 0;
    }

    /** How many bytes were written; what {@link DescriptorChain#complete()} reports. */
    public long written() {
        return written;
    }

    /** The position before the first byte that was written. */
    long lowest() {
        return lowest;
    }

    /** The position after the last byte that was written. */
    long highest() {
        return highest;
    }

    private void wrote(long count) {
        long from = position();
        step(count);
        long to = position();
        lowest = written == 0 ? from : Math.min(lowest, from);
        highest = written == 0 ? to : Math.max(highest, to);
        written += count;
    }

    /** Writes the low 8 bits. */
    public void writeU8(int value) {
        scatter(value, 1);
    }

    /** Writes a {@code le16}. */
    public void writeLe16(int value) {
        require(2);
        if (contiguous(2) == 2) {
            LE16.set(segment(), segmentOffset(), value);
            wrote(2);
        } else {
            scatter(value, 2);
        }
    }

    /** Writes a {@code le32}. */
    public void writeLe32(long value) {
        require(4);
        if (contiguous(4) == 4) {
            LE32.set(segment(), segmentOffset(), value);
            wrote(4);
        } else {
            scatter(value, 4);
        }
    }

    /** Writes a {@code le64}. */
    public void writeLe64(long value) {
        require(8);
        if (contiguous(8) == 8) {
            LE64.set(segment(), segmentOffset(), value);
            wrote(8);
        } else {
            scatter(value, 8);
        }
    }

    private void scatter(long value, int bytes) {
        require(bytes);
        for (int i = 0; i < bytes; i++) {
            contiguous(1);
            segment().set(JAVA_BYTE, segmentOffset(), (byte) (value >>> (8 * i)));
            wrote(1);
        }
    }

    /**
     * Copies bytes in.
     *
     * @param source heap or native
     * @param offset where in the source
     * @param count how many
     */
    public void write(MemorySegment source, long offset, long count) {
        require(count);
        for (long done = 0; done < count; ) {
            long run = contiguous(count - done);
            MemorySegment.copy(source, offset + done, segment(), segmentOffset(), run);
            wrote(run);
            done += run;
        }
    }

    /** Copies all of an array in. */
    public void write(byte[] source) {
        require(source.length);
        for (int done = 0; done < source.length; ) {
            int run = (int) contiguous(source.length - done);
            MemorySegment.copy(source, done, segment(), JAVA_BYTE, segmentOffset(), run);
            wrote(run);
            done += run;
        }
    }

    /** Copies readable bytes of a buffer in; they are read from it. */
    public void write(ByteBuf source, int count) {
        require(count);
        for (int done = 0; done < count; ) {
            int run = (int) contiguous(Math.min(count - done, ChainViews.MOST));
            // Between two buffers, Netty makes a view for each call.
            source.readBytes(chain.view(segment(), segmentOffset(), run, true).internalNioBuffer(0, run));
            wrote(run);
            done += run;
        }
    }

    /** Writes one byte value many times. */
    public void fill(int value, long count) {
        require(count);
        for (long done = 0; done < count; ) {
            long run = contiguous(count - done);
            segment().asSlice(segmentOffset(), run).fill((byte) value);
            wrote(run);
            done += run;
        }
    }

    /**
     * Lends the next contiguous bytes to be filled without a copy. Does not move: call {@link
     * #advance} with the number of bytes that were filled.
     *
     * <p>The buffer is short-lived: it is good until the handler returns or takes the next view of
     * the queue, and never after the chain is completed.
     *
     * @param max the most that is wanted; positive
     * @return writable bytes only; not to be released
     * @throws ChainFault if none remain, or the buffer is not in guest memory
     */
    public ByteBuf view(int max) {
        require(1);
        int run = (int) contiguous(Math.min(max, ChainViews.MOST));
        return chain.view(segment(), segmentOffset(), run, true);
    }

    /** Counts bytes as written that were filled through {@link #view} or {@link #segment()}. */
    public void advance(long count) {
        require(count);
        for (long done = 0; done < count; ) {
            long run = contiguous(count - done);
            wrote(run);
            done += run;
        }
    }
}
