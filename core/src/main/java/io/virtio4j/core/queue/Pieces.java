// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.queue;

import io.virtio4j.core.memory.MemoryMap;
import io.virtio4j.core.memory.MemoryRegion;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The buffers of one chain as they lie on the host: device-readable pieces, then device-writable ones.
 * Mostly a piece is a descriptor; a buffer that crosses regions has several. Regions are kept by their
 * place in the map, which costs no reference store.
 */
final class Pieces {

    private static final int SMALL = 8;
    private static final int LARGE = 256;

    /** A piece takes two words: where it is, and {@code region << 32 | length}. */
    private static final int WORDS = 2;

    private static final int UNMAPPED = -1;

    private MemoryMap map;
    private long[] words = new long[SMALL * WORDS];
    private long @Nullable [] address; // as the driver gave it, where it is translated
    private int end; // of the words in use
    private long bytes;
    private int readableEnd; // before the first writable piece
    private long readableBytes;
    private boolean writable; // the pieces that are added now
    private boolean unmapped;

    Pieces(MemoryMap map) {
        this.map = map;
    }

    /** Starts a chain without buffers. */
    void clear(MemoryMap in) {
        if (map != in) {
            map = in;
            address = null;
        }
        end = 0;
        bytes = 0;
        writable = false;
        unmapped = false;
    }

    /** What is added from here on is device-writable. */
    void beginWritable() {
        writable = true;
        readableEnd = end;
        readableBytes = bytes;
    }

    boolean isWritable() {
        return writable;
    }

    /** Nothing more is added. */
    void end() {
        if (!writable) {
            beginWritable();
        }
    }

    /** Appends a piece that lies in a region; {@code length} is below 2^32. */
    void add(int regionIndex, long offsetInRegion, long length) {
        int at = end;
        long[] room = words;
        if (at == room.length) {
            room = grow();
        }
        room[at] = offsetInRegion;
        room[at + 1] = (long) regionIndex << 32 | length;
        end = at + WORDS;
        bytes += length;
    }

    private long[] grow() {
        words = Arrays.copyOf(words, words.length * 2);
        return words;
    }

    /** Appends a piece that is not in guest memory. */
    void addUnmapped(long at, long length) {
        add(UNMAPPED, at, length);
        unmapped = true;
    }

    /** Notes the driver's address of the piece that was added last, where it is not the physical one. */
    void translatedFrom(long busAddress) {
        long[] addresses = address;
        if (addresses == null || addresses.length < words.length / WORDS) {
            addresses = addresses == null
                    ? new long[words.length / WORDS]
                    : Arrays.copyOf(addresses, words.length / WORDS);
            address = addresses;
        }
        addresses[count() - 1] = busAddress;
    }

    /** Gives back the room of a long chain. */
    void shrink() {
        if (words.length > LARGE * WORDS) {
            words = new long[SMALL * WORDS];
            address = null;
        }
    }

    int count() {
        return end / WORDS;
    }

    int readableCount() {
        return readableEnd / WORDS;
    }

    long bytes() {
        return bytes;
    }

    long readableBytes() {
        return readableBytes;
    }

    long writableBytes() {
        return bytes - readableBytes;
    }

    boolean hasUnmapped() {
        return unmapped;
    }

    long length(int piece) {
        return words[piece * WORDS + 1] & 0xFFFF_FFFFL;
    }

    /** Where in its region the piece starts; the address itself if it is in none. */
    long offset(int piece) {
        return words[piece * WORDS];
    }

    MemoryMap map() {
        return map;
    }

    /** The place of the piece's region in the map; negative if it is in none. */
    int regionIndex(int piece) {
        return (int) (words[piece * WORDS + 1] >> 32);
    }

    @Nullable MemoryRegion region(int piece) {
        int index = regionIndex(piece);
        return index == UNMAPPED ? null : map.region(index);
    }

    /** The address as the driver gave it. */
    long address(int piece) {
        long[] translated = address;
        if (translated != null) {
            return translated[piece];
        }
        MemoryRegion where = region(piece);
        return where == null ? offset(piece) : where.guestAddress() + offset(piece);
    }
}
