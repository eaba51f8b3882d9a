// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.mem;

import java.util.BitSet;
import java.util.function.Consumer;

/** Which blocks of the device-managed region are plugged. Guarded by the device's lock. */
final class MemoryBlocks {

    /** A run of blocks. */
    record Run(int first, int count) {

        int end() {
            return first + count;
        }
    }

    private final BitSet plugged;
    private int count;

    MemoryBlocks() {
        this(new BitSet());
    }

    private MemoryBlocks(BitSet plugged) {
        this.plugged = plugged;
        count = plugged.cardinality();
    }

    int pluggedCount() {
        return count;
    }

    boolean arePlugged(Run run) {
        return plugged.nextClearBit(run.first) >= run.end();
    }

    boolean areUnplugged(Run run) {
        int next = plugged.nextSetBit(run.first);
        return next < 0 || next >= run.end();
    }

    void set(Run run, boolean on) {
        int before = plugged.get(run.first, run.end()).cardinality();
        plugged.set(run.first, run.end(), on);
        count += (on ? run.count : 0) - before;
    }

    /** Tells of every run of plugged blocks inside of a run, ascending. */
    void forEachPlugged(Run within, Consumer<Run> action) {
        for (int from = plugged.nextSetBit(within.first); from >= 0 && from < within.end(); ) {
            int end = Math.min(plugged.nextClearBit(from), within.end());
            action.accept(new Run(from, end - from));
            from = plugged.nextSetBit(end);
        }
    }

    byte[] toBytes() {
        return plugged.toByteArray();
    }

    static MemoryBlocks of(byte[] saved) {
        return new MemoryBlocks(BitSet.valueOf(saved));
    }

    /** The number after that of the last plugged block. */
    int end() {
        return plugged.length();
    }
}
