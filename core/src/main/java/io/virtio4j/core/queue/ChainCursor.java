// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.queue;

import io.virtio4j.core.fault.ChainFault;
import io.virtio4j.core.memory.MemoryMap;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * A position in the bytes of one direction of a chain. Knows how the bytes lie in guest memory, so that
 * devices need not.
 *
 * <p>Belongs to its chain: used by whoever holds the chain, until the chain is completed.
 */
public abstract sealed class ChainCursor permits ChainReader, ChainWriter {

    final DescriptorChain chain;
    final Pieces pieces;

    private long length;
    private long remaining;
    private int piece; // the one after that of the position
    private long left; // bytes from the position to the end of its piece

    private MemorySegment segment = MemorySegment.NULL;
    private int regionOfSegment = -1;
    private @Nullable MemoryMap mapOfSegment;
    private long segmentOffset;
    private boolean mapped;

    ChainCursor(DescriptorChain chain, Pieces pieces) {
        this.chain = chain;
        this.pieces = pieces;
    }

    /** The place of the first piece of this direction. */
    abstract int firstPiece();

    /** Starts at the first byte of a new chain. */
    final void begin(int firstPiece, long bytes) {
        length = bytes;
        remaining = bytes;
        piece = firstPiece;
        left = 0;
    }

    /** All bytes of this direction; at most 2^32 - 1. */
    public final long length() {
        return length;
    }

    /** How many bytes come before the position. */
    public final long position() {
        return length - remaining;
    }

    /** How many bytes come after the position. */
    public final long remaining() {
        return remaining;
    }

    /**
     * Moves the position without looking at memory.
     *
     * @throws ChainFault if there are fewer bytes
     */
    public final void seek(long newPosition) {
        if (newPosition < 0 || newPosition > length) {
            throw tooShort(newPosition - position());
        }
        if (newPosition < position()) {
            begin(firstPiece(), length);
        }
        long count = newPosition - position();
        while (count > left) {
            remaining -= left;
            count -= left;
            left = nextPiece();
        }
        step(count);
    }

    /**
     * Moves the position forward without looking at memory.
     *
     * @throws ChainFault if there are fewer bytes
     */
    public final void skip(long count) {
        if (count >= 0 && count <= left) {
            step(count);
        } else {
            seek(position() + count);
        }
    }

    /**
     * Finds the bytes at the position that are contiguous on the host, for transfers without a copy:
     * they are those of {@link #segment()} from {@link #segmentOffset()}. Does not move.
     *
     * <p>The segment is a whole memory region; stay within the count that was returned. Its bytes are
     * the driver's, who may change them at any time.
     *
     * @param max the most that is wanted
     * @return how many; 0 only if none remain or none are wanted
     * @throws ChainFault if the buffer is not in guest memory
     */
    public final long contiguous(long max) {
        left = findRun();
        return Math.min(max, left);
    }

    /**
     * Finds the bytes from the position on that are contiguous on the host, and moves past them: the way to
     * visit a whole chain for transfers without a copy. They are those of {@link #segment()} from {@link
     * #segmentOffset()}, which stay as they are until the next call of a method of this cursor.
     *
     * <p>What is moved past like this does not count as written.
     *
     * @return how many; 0 once none remain
     * @throws ChainFault if the buffer is not in guest memory
     */
    public final long nextRun() {
        long run = findRun();
        left = 0; // the offset stays
        remaining -= run;
        return run;
    }

    /** Where the bytes found by {@link #contiguous} or {@link #nextRun} are. */
    public final MemorySegment segment() {
        return segment;
    }

    /** Where in {@link #segment()} the bytes found by {@link #contiguous} or {@link #nextRun} start. */
    public final long segmentOffset() {
        return segmentOffset;
    }

    /**
     * Says how many bytes there are from the position to the end of its piece, which is entered if it was not
     * yet. What of them is left is the caller's to note: that saves a store for each piece that is visited whole.
     */
    private long findRun() {
        chain.checkHeld();
        long run = left;
        if (run == 0) {
            if (remaining == 0) {
                return 0;
            }
            run = nextPiece();
        }
        if (!mapped) {
            left = run;
            throw notInMemory();
        }
        return run;
    }

    /** Enters the next piece; there is one, and none is empty. Returns its length. */
    private long nextPiece() {
        int next = piece++;
        segmentOffset = pieces.offset(next);
        int region = pieces.regionIndex(next);
        mapped = region >= 0;
        if (region != regionOfSegment || pieces.map() != mapOfSegment) {
            lookUp(region);
        }
        return pieces.length(next);
    }

    private void lookUp(int region) {
        if (region >= 0) {
            segment = pieces.map().region(region).segment();
            regionOfSegment = region;
            mapOfSegment = pieces.map();
        }
    }

    /** Moves forward inside of the piece of the position. */
    final void step(long count) {
        remaining -= count;
        left -= count;
        segmentOffset += count;
    }

    final void require(long count) {
        if (count < 0 || count > remaining) {
            throw tooShort(count);
        }
    }

    private ChainFault tooShort(long wanted) {
        return new ChainFault("buffer is too short: queue=" + chain.queueName() + " wanted=" + wanted
                + " position=" + position() + " length=" + length);
    }

    private ChainFault notInMemory() {
        long passed = pieces.length(piece - 1) - left;
        return new ChainFault("buffer is not in guest memory: queue=" + chain.queueName() + " address=0x"
                + Long.toHexString(pieces.address(piece - 1) + passed));
    }
}
