// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs.backend;

import io.netty.buffer.ByteBuf;
import java.lang.foreign.MemorySegment;

/**
 * Where the data of a read goes: pieces of memory, mostly the guest's, which are filled one after the other. Fill
 * them, never read them, and keep no reference: all of it is good until the method that it was passed to returns.
 * Nothing here allocates but {@link #view} on a thread of an executor.
 *
 * <p>Three ways to fill it: copy bytes in; fill views of the next contiguous bytes; or give all pieces to a call that
 * scatters. The latter two {@link #advance} afterwards.
 */
public interface DataTarget extends DataPieces {

    /** Copies bytes in. */
    void put(byte[] source, int offset, int count);

    /** Copies bytes in. */
    void put(MemorySegment source, long offset, long count);

    /** Fills in zeroes. */
    void zero(long count);

    /**
     * Lends the next contiguous bytes. Good until the next call of any method of this object.
     *
     * @param max the most that is wanted; positive
     * @return writable bytes only, at least one; not to be released. {@code internalNioBuffer(0, n)} is a buffer for
     *     channels
     * @throws IndexOutOfBoundsException if nothing remains
     */
    ByteBuf view(int max);

    /** A target that is one piece of memory. */
    static DataTarget of(MemorySegment memory) {
        return new MemoryData(memory, true);
    }
}
