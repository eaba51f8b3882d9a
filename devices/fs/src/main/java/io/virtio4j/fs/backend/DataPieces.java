// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs.backend;

import java.lang.foreign.MemorySegment;

/**
 * Memory that data is moved into or out of, piece after piece, mostly the guest's. Keep no reference: all of it is good
 * until the method that it was passed to returns.
 */
public interface DataPieces {

    /** How many bytes are left from the position on. */
    long remaining();

    /** How many bytes come before the position. */
    long position();

    /** Moves the position past bytes that were moved through a view or the pieces. */
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
}
