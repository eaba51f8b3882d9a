// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.sound.backend;

import io.netty.buffer.ByteBuf;

/** Bytes from one thread to another, without a lock. One writes, one reads. */
final class ByteRing {

    private final byte[] bytes;
    private volatile long written;
    private volatile long read;

    ByteRing(int capacity) {
        bytes = new byte[capacity];
    }

    int available() {
        return (int) (written - read);
    }

    int free() {
        return bytes.length - available();
    }

    /** Appends bytes of a buffer; there has to be room for them. */
    void write(ByteBuf from, int count) {
        long at = written;
        int offset = (int) (at % bytes.length);
        int first = Math.min(count, bytes.length - offset);
        from.readBytes(bytes, offset, first);
        from.readBytes(bytes, 0, count - first);
        written = at + count;
    }

    /** Takes bytes that are there into a buffer. */
    void read(ByteBuf to, int count) {
        long at = read;
        int offset = (int) (at % bytes.length);
        int first = Math.min(count, bytes.length - offset);
        to.writeBytes(bytes, offset, first);
        to.writeBytes(bytes, 0, count - first);
        read = at + count;
    }

    /** Drops bytes that are there. By the reader. */
    void skip(int count) {
        read += count;
    }
}
