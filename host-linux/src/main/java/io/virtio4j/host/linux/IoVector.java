// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.host.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * The {@code iovec} array of one thread, filled for one call.
 *
 * <p>The kernel gets plain addresses, and nothing would stop another thread from unmapping them
 * during the call. So one segment of each arena is passed to the call as a spare argument, which
 * the callee does not look at: the linker keeps the arena of every segment it passes alive until
 * the call returns. A fifth arena waits for the next call.
 */
final class IoVector {
    static final int MAX_PARTS = 1024;
    static final int GUARDS = 4;

    private final MemorySegment entries = Arena.ofAuto().allocate(Iovec.LAYOUT, MAX_PARTS);
    private final MemorySegment[] guards = new MemorySegment[GUARDS];
    private int guarded;
    private int count;
    private long bytes;

    IoVector() {
        clear();
    }

    /**
     * Takes as many parts as fit into one call, beginning {@code skip} bytes into
     * {@code parts[from]}.
     */
    void fill(MemorySegment[] parts, int from, int to, long skip) {
        clear();
        long offset = skip;
        for (int i = from; i < to && count < MAX_PARTS; i++) {
            MemorySegment part = parts[i];
            if (!guard(part)) {
                return;
            }
            long length = part.byteSize() - offset;
            Iovec.set(entries, count, part.address() + offset, length);
            count++;
            bytes += length;
            offset = 0;
        }
    }

    private boolean guard(MemorySegment part) {
        for (int i = 0; i < guarded; i++) {
            if (guards[i].scope().equals(part.scope())) {
                return true;
            }
        }
        if (guarded == GUARDS) {
            return false;
        }
        guards[guarded++] = part;
        return true;
    }

    /** Forgets the parts, so that an idle thread keeps no memory reachable. */
    void clear() {
        for (int i = 0; i < GUARDS; i++) {
            guards[i] = MemorySegment.NULL;
        }
        guarded = 0;
        count = 0;
        bytes = 0;
    }

    MemorySegment entries() {
        return entries;
    }

    MemorySegment guard(int index) {
        return guards[index];
    }

    int count() {
        return count;
    }

    long bytes() {
        return bytes;
    }
}
