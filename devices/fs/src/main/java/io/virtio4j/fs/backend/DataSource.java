// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs.backend;

import io.netty.buffer.ByteBuf;
import java.lang.foreign.MemorySegment;

/**
 * Where the data of a write comes from: pieces of memory, mostly the guest's, which the driver may change meanwhile.
 * Move the bytes, look at none of them twice, and keep no reference: all of it is good until the method that it was
 * passed to returns. Nothing here allocates but {@link #view} on a thread of an executor.
 *
 * <p>Three ways to take from it: copy bytes out; use views of the next contiguous bytes; or give all pieces to a call
 * that gathers. The latter two {@link #advance} afterwards.
 */
public interface DataSource extends DataPieces {

    /** Copies bytes out. */
    void get(byte[] target, int offset, int count);

    /** Copies bytes out. */
    void get(MemorySegment target, long offset, long count);

    /**
     * Lends the next contiguous bytes. Good until the next call of any method of this object.
     *
     * @param max the most that is wanted; positive
     * @return readable bytes only, at least one; not to be released. {@code internalNioBuffer(0, n)} is a buffer for
     *     channels
     * @throws IndexOutOfBoundsException if nothing is left
     */
    ByteBuf view(int max);

    /** A source that is one piece of memory. */
    static DataSource of(MemorySegment memory) {
        return new MemoryData(memory, false);
    }
}
