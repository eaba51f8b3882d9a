// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.blk;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.ByteBuffer;

/** One buffer of zeroes for everybody. */
final class Zeroes {

    static final int SIZE = 256 << 10;

    private static final ByteBuf BUFFER =
            Unpooled.unreleasableBuffer(Unpooled.wrappedBuffer(ByteBuffer.allocateDirect(SIZE)).asReadOnly());

    private Zeroes() {}

    /** A view of at most {@value #SIZE} zeroes. */
    static ByteBuf of(int length) {
        return BUFFER.slice(0, length);
    }

    /** Writes one slice of zeroes. */
    static long write(BlockBackend backend, long offset, long length) throws IOException {
        int slice = (int) Math.min(length, SIZE);
        backend.write(offset, of(slice));
        return slice;
    }
}
