// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs;

import io.virtio4j.core.queue.ChainCursor;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/** The pieces of guest memory that a part of a chain consists of. Keeps its arrays. */
final class ChainPieces {

    private static final int FIRST_ROOM = 64;

    private MemorySegment[] segments = new MemorySegment[FIRST_ROOM];
    private long[] offsets = new long[FIRST_ROOM];
    private long[] lengths = new long[FIRST_ROOM];

    /** Collects the pieces from the cursor's position on, and moves nothing. */
    int collect(ChainCursor cursor, long bytes, int most) {
        long start = cursor.position();
        int count = 0;
        long left = bytes;
        while (left > 0 && count < most) {
            long run = cursor.nextRun();
            if (run == 0) {
                break;
            }
            if (count == segments.length) {
                grow();
            }
            segments[count] = cursor.segment();
            offsets[count] = cursor.segmentOffset();
            lengths[count] = Math.min(run, left);
            left -= run;
            count++;
        }
        cursor.seek(start);
        return count;
    }

    private void grow() {
        int room = segments.length * 2;
        segments = Arrays.copyOf(segments, room);
        offsets = Arrays.copyOf(offsets, room);
        lengths = Arrays.copyOf(lengths, room);
    }

    MemorySegment segment(int piece) {
        return segments[piece];
    }

    long offset(int piece) {
        return offsets[piece];
    }

    long length(int piece) {
        return lengths[piece];
    }
}
