// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.blk;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Which clusters an overlay holds: a bit each, set once and never cleared. What changed is known by blocks, so
 * that it can be stored.
 */
final class ClusterMap {

    /** Bytes of the map that are stored at once. */
    static final int BLOCK = 4096;

    private static final int WORDS = BLOCK / Long.BYTES;

    private final long clusters;
    private final AtomicLongArray words;
    private final BitSet changed = new BitSet(); // by block; guarded by this

    /**
     * A block of the map at one moment.
     *
     * @param index which
     * @param words its content
     */
    record Block(int index, long[] words) {}

    ClusterMap(long clusters) {
        this.clusters = clusters;
        this.words = new AtomicLongArray(Math.toIntExact((clusters + Long.SIZE - 1) / Long.SIZE));
    }

    /** How many blocks the map has. */
    static long blocks(long clusters) {
        return (clusters + 8L * BLOCK - 1) / (8L * BLOCK);
    }

    boolean has(long cluster) {
        return (words.getAcquire((int) (cluster >>> 6)) >>> cluster & 1) != 0;
    }

    /** Adds clusters whose content is complete in the overlay. One thread at a time. */
    void add(long first, long end) {
        for (long cluster = first; cluster < end; cluster++) {
            int word = (int) (cluster >>> 6);
            words.setRelease(word, words.get(word) | 1L << cluster);
        }
        synchronized (this) {
            changed.set((int) (first >>> 6) / WORDS, (int) (end - 1 >>> 6) / WORDS + 1);
        }
    }

    /** How many clusters from here are there, or are not, like the first of them. */
    long run(long first, long end) {
        boolean there = has(first);
        long cluster = first + 1;
        while (cluster < end && has(cluster) == there) {
            cluster++;
        }
        return cluster - first;
    }

    /** The blocks that changed since this was called last. */
    synchronized List<Block> takeChanges() {
        List<Block> blocks = new ArrayList<>();
        for (int block = changed.nextSetBit(0); block >= 0; block = changed.nextSetBit(block + 1)) {
            long[] content = new long[WORDS];
            for (int i = 0; i < WORDS && block * WORDS + i < words.length(); i++) {
                content[i] = words.get(block * WORDS + i);
            }
            blocks.add(new Block(block, content));
        }
        changed.clear();
        return blocks;
    }

    /** The blocks were not stored after all. */
    synchronized void changesLost(List<Block> blocks) {
        blocks.forEach(block -> changed.set(block.index));
    }

    /** Takes over a stored block. */
    void load(int block, long[] content) {
        for (int i = 0; i < WORDS && block * WORDS + i < words.length(); i++) {
            words.set(block * WORDS + i, content[i]);
        }
    }

    /** How many clusters are there. */
    long count() {
        long count = 0;
        for (int i = 0; i < words.length(); i++) {
            count += Long.bitCount(words.get(i));
        }
        return Math.min(count, clusters);
    }
}
