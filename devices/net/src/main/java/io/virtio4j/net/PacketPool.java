// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.UnpooledByteBufAllocator;
import org.jspecify.annotations.Nullable;

/**
 * Buffers for the packets of one transmit queue, used again when nobody holds them any more. The pool keeps
 * one reference to each buffer, so a count of one says that it is free, whoever released it. Used by the
 * queue's owner; what it gives away may be released by any thread.
 */
final class PacketPool {

    /** The usual frame, with room for a tag or two. */
    static final int SMALL = 2048;

    /** The largest packet. */
    static final int LARGE = NetDevice.MOST_PACKET;

    private static final int LOOKS = 4;
    private static final ByteBufAllocator ALLOCATOR = new UnpooledByteBufAllocator(true, true);

    private final Shelf small = new Shelf(SMALL, 1024);
    private final Shelf large = new Shelf(LARGE, 64);

    /** A buffer with room for so many bytes, at most {@link #LARGE}; empty. The caller releases it. */
    ByteBuf take(int bytes) {
        return (bytes <= SMALL ? small : large).take();
    }

    /** Gives the pool's references back; buffers that are in use go when they are released. */
    void close() {
        small.close();
        large.close();
    }

    /** Buffers of one size. They come back in about the order in which they went. */
    private static final class Shelf {

        private final int size;
        private final @Nullable ByteBuf[] buffers;
        private int made;
        private int next;

        Shelf(int size, int most) {
            this.size = size;
            this.buffers = new ByteBuf[most];
        }

        ByteBuf take() {
            for (int look = Math.min(LOOKS, made); look > 0; look--) {
                ByteBuf buffer = buffers[next];
                next = next + 1 == made ? 0 : next + 1;
                if (buffer != null && buffer.refCnt() == 1) {
                    return buffer.clear().retain();
                }
            }
            ByteBuf fresh = ALLOCATOR.directBuffer(size, size);
            if (made < buffers.length) {
                buffers[made++] = fresh;
                return fresh.retain();
            }
            // All are on their way somewhere, which is bounded by those who hold them.
            return fresh;
        }

        void close() {
            for (int i = 0; i < made; i++) {
                ByteBuf buffer = buffers[i];
                buffers[i] = null;
                if (buffer != null) {
                    buffer.release();
                }
            }
            made = 0;
            next = 0;
        }
    }
}
