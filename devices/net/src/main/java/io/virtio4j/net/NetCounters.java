// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net;

import java.util.concurrent.atomic.AtomicLongArray;

/** The counters of a network device. Kept over resets; read by any thread. */
public final class NetCounters {

    private final AtomicLongArray[] pairs;

    NetCounters(int pairCount) {
        pairs = new AtomicLongArray[pairCount];
        for (int i = 0; i < pairCount; i++) {
            pairs[i] = new AtomicLongArray(NetCounter.values().length);
        }
    }

    /** What was counted since the device was made, in all pairs. */
    public long get(NetCounter counter) {
        long sum = 0;
        for (AtomicLongArray pair : pairs) {
            sum += pair.getOpaque(counter.ordinal());
        }
        return sum;
    }

    /** What was counted since the device was made, in one pair. */
    public long get(NetCounter counter, int pair) {
        return pairs[pair].getOpaque(counter.ordinal());
    }

    /** Counts what one thread alone counts: the queue's owner. */
    void add(int pair, NetCounter counter, long amount) {
        AtomicLongArray values = pairs[pair];
        int at = counter.ordinal();
        values.setOpaque(at, values.getPlain(at) + amount);
    }

    /** Counts what several threads count. */
    void addShared(int pair, NetCounter counter, long amount) {
        pairs[pair].getAndAdd(counter.ordinal(), amount);
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        for (NetCounter counter : NetCounter.values()) {
            text.append(counter).append('=').append(get(counter)).append(' ');
        }
        return text.toString().stripTrailing();
    }
}
