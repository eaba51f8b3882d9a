// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.queue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Lends views of guest memory to the handler of one queue: one to read and one to write, aimed anew at each
 * call. Owned by the queue's owner.
 *
 * <p>NIO buffers reach 2 GiB, regions are larger: a buffer is kept for each GiB of a region that was used
 * and reaches two.
 */
final class ChainViews {

    /** The most bytes of one NIO buffer over a segment. */
    private static final int LONGEST = Integer.MAX_VALUE - 64;

    /** The most bytes of one view: from anywhere in a buffer's first GiB it ends inside of the buffer. */
    static final int MOST = (1 << 30) - 64;

    private static final int WINDOWS = 16;
    private static final int GIB_SHIFT = 30;

    private final GuestByteBuf reading = new GuestByteBuf(UnpooledByteBufAllocator.DEFAULT);
    private final GuestByteBuf writing = new GuestByteBuf(UnpooledByteBufAllocator.DEFAULT);

    private final @Nullable MemorySegment[] segments = new MemorySegment[WINDOWS];
    private final long[] starts = new long[WINDOWS];
    private final @Nullable ByteBuffer[] windows = new ByteBuffer[WINDOWS];
    private int replaced;

    /** A view that shares nothing, for any thread. */
    static ByteBuf single(MemorySegment segment, long at, int bytes, boolean writable) {
        GuestByteBuf view = new GuestByteBuf(UnpooledByteBufAllocator.DEFAULT);
        view.open(segment, at, bytes, !writable);
        return view;
    }

    ByteBuf view(MemorySegment segment, long at, int bytes, boolean writable) {
        GuestByteBuf view = writable ? writing : reading;
        view.open(segment, at, bytes, !writable);
        long start = at >>> GIB_SHIFT << GIB_SHIFT;
        view.window(window(segment, start), start);
        return view;
    }

    private ByteBuffer window(MemorySegment segment, long start) {
        for (int i = 0; i < WINDOWS; i++) {
            ByteBuffer window = windows[i];
            if (window != null && segments[i] == segment && starts[i] == start) {
                return window;
            }
        }
        long length = Math.min(segment.byteSize() - start, LONGEST);
        ByteBuffer window = segment.asSlice(start, length).asByteBuffer();
        segments[replaced] = segment;
        starts[replaced] = start;
        windows[replaced] = window;
        replaced = (replaced + 1) % WINDOWS;
        return window;
    }

    /** Guest memory changed, or the turn is over: what was lent is taken back. */
    void close() {
        reading.close();
        writing.close();
    }

    /** Forgets regions that may be gone. */
    void forget() {
        close();
        for (int i = 0; i < WINDOWS; i++) {
            segments[i] = null;
            windows[i] = null;
        }
    }
}
