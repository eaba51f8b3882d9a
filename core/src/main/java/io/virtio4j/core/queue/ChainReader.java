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
 * Reads all device-readable bytes of a chain in order, however the driver arranged them in
 * descriptors. [Message Framing]
 *
 * <p>The driver may change the bytes while they are read. Read what decides once, and trust only the
 * copy. Every method that reads past the end throws {@link ChainFault} before it moves a byte.
 */
public final class ChainReader extends ChainCursor {

    private static final Le16 LE16 = new Le16(0);
    private static final Le32 LE32 = new Le32(0);
    private static final Le64 LE64 = new Le64(0);

    ChainReader(DescriptorChain chain, Pieces pieces) {
        super(chain, pieces);
    }

    @Override
    int firstPiece() {
        return 0;
    }

    /** Reads one byte; 0 to 255. */
    public int readU8() {
        return (int) gather(1);
    }

    /** Reads a {@code le16}; 0 to 65535. */
    public int readLe16() {
        require(2);
        if (contiguous(2) == 2) {
            int value = LE16.get(segment(), segmentOffset());
            step(2);
            return value;
        }
        return (int) gather(2);
    }

    /** Reads a {@code le32}; 0 to 2^32 - 1. */
    public long readLe32() {
        require(4);
        if (contiguous(4) == 4) {
            long value = LE32.get(segment(), segmentOffset());
            step(4);
            return value;
        }
        return gather(4);
    }

    /** Reads a {@code le64}; unsigned. */
    public long readLe64() {
        require(8);
        if (contiguous(8) == 8) {
            long value = LE64.get(segment(), segmentOffset());
            step(8);
            return value;
        }
        return gather(8);
    }

    private long gather(int bytes) {
        require(bytes);
        long value = 0;
        for (int i = 0; i < bytes; i++) {
            contiguous(1);
            value |= (long) Byte.toUnsignedInt(segment().get(JAVA_BYTE, segmentOffset())) << (8 * i);
            step(1);
        }
        return value;
    }

    /**
     * Copies bytes out.
     *
     * @param target heap or native
     * @param offset where in the target
     * @param count how many
     */
    public void read(MemorySegment target, long offset, long count) {
        require(count);
        for (long done = 0; done < count; ) {
            long run = contiguous(count - done);
            MemorySegment.copy(segment(), segmentOffset(), target, offset + done, run);
            step(run);
            done += run;
        }
    }

    /** Copies bytes out, as many as the array has. */
    public void read(byte[] target) {
        require(target.length);
        for (int done = 0; done < target.length; ) {
            int run = (int) contiguous(target.length - done);
            MemorySegment.copy(segment(), JAVA_BYTE, segmentOffset(), target, done, run);
            step(run);
            done += run;
        }
    }

    /** Appends bytes to a buffer that has room for them, or can grow. */
    public void read(ByteBuf target, int count) {
        require(count);
        target.ensureWritable(count);
        for (int done = 0; done < count; ) {
            int run = (int) contiguous(Math.min(count - done, ChainViews.MOST));
            // Between two buffers, Netty makes a view for each call.
            target.writeBytes(chain.view(segment(), segmentOffset(), run, false).internalNioBuffer(0, run));
            step(run);
            done += run;
        }
    }

    /**
     * Lends the next contiguous bytes without a copy and moves past them.
     *
     * <p>The buffer is read-only in spirit and short-lived: it is good until the handler returns or
     * takes the next view of the queue, and never after the chain is completed. Its bytes may change
     * under the reader: move them, never validate them in place.
     *
     * @param max the most that is wanted; positive
     * @return readable bytes only; not to be released
     * @throws ChainFault if none remain, or the buffer is not in guest memory
     */
    public ByteBuf view(int max) {
        require(1);
        int run = (int) contiguous(Math.min(max, ChainViews.MOST));
        ByteBuf view = chain.view(segment(), segmentOffset(), run, false);
        step(run);
        return view;
    }
}
