// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.host.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * Pieces of memory that one call moves data from or to, in order; filled and cleared again and again. One thread's at a
 * time. Adding a piece allocates nothing.
 *
 * <p>The kernel gets plain addresses, and nothing would stop another thread from unmapping them
 * during the call. So one segment of each arena is passed to the call as a spare argument, which
 * the callee does not look at: the linker keeps the arena of every segment it passes alive until
 * the call returns. A fifth arena waits for the next call.
 */
public final class IoVector {
    /** The most pieces. */
    public static final int MAX_PARTS = 1024;

    static final int GUARDS = 4;

    private final MemorySegment entries = Arena.ofAuto().allocate(Iovec.LAYOUT, MAX_PARTS);
    private final MemorySegment[] guards = new MemorySegment[GUARDS];
    private int guarded;
    private boolean readOnly;
    private int count;
    private long bytes;

    IoVector() {
        clear();
    }

    /**
     * {@return the vector of the calling thread, empty} It is used by all calls of this module that move several
     * pieces, so that what is in it is gone after another of them.
     */
    public static IoVector ofThread() {
        IoVector vector = CallState.current().vector();
        vector.clear();
        return vector;
    }

    /**
     * Adds a piece.
     *
     * @param memory native memory, which is kept alive during the call
     * @param offset in bytes from its beginning
     * @param length in bytes
     * @return false if there is no room: {@value #MAX_PARTS} pieces, or memory of more than four arenas
     * @throws IllegalArgumentException if the memory is on the heap
     * @throws IndexOutOfBoundsException if the piece is not within the memory
     */
    public boolean add(MemorySegment memory, long offset, long length) {
        if (!memory.isNative()) {
            throw new IllegalArgumentException("piece: " + memory + ": must be native memory, not on the heap");
        }
        Objects.checkFromIndexSize(offset, length, memory.byteSize());
        if (count == MAX_PARTS || !guard(memory)) {
            return false;
        }
        readOnly |= memory.isReadOnly();
        put(memory.address() + offset, length);
        return true;
    }

    private void put(long address, long length) {
        Iovec.set(entries, count, address, length);
        count++;
        bytes += length;
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
            put(part.address() + offset, length);
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

    /** Forgets the pieces, so that an idle thread keeps no memory reachable. */
    public void clear() {
        for (int i = 0; i < GUARDS; i++) {
            guards[i] = MemorySegment.NULL;
        }
        guarded = 0;
        readOnly = false;
        count = 0;
        bytes = 0;
    }

    void requireWritable() {
        if (readOnly) {
            throw new IllegalArgumentException("file: cannot read into read-only memory");
        }
    }

    MemorySegment entries() {
        return entries;
    }

    MemorySegment guard(int index) {
        return guards[index];
    }

    /** {@return how many pieces there are} */
    public int count() {
        return count;
    }

    /** {@return how many bytes they have together} */
    public long bytes() {
        return bytes;
    }
}
