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
public interface DataTarget {

    /** How many bytes can still be filled. */
    long remaining();

    /** How many bytes were filled. */
    long position();

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

    /** Counts bytes as filled that were filled through {@link #view} or the pieces. */
    void advance(long count);

    /**
     * Collects the pieces from the position on; they stay the same until the next call.
     *
     * @param most the most pieces that are wanted
     * @return how many there are, at most so many; 0 only if nothing remains
     */
    int pieces(int most);

    /** The memory that a piece lies in; native unless this was made of an array. */
    MemorySegment segment(int piece);

    /** Where in its memory a piece begins. */
    long offset(int piece);

    /** The bytes of a piece; positive. */
    long length(int piece);

    /** A target that is one piece of memory. */
    static DataTarget of(MemorySegment memory) {
        return new MemoryData(memory, true);
    }
}
