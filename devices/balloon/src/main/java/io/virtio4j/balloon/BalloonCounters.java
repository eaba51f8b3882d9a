// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.balloon;

import java.util.concurrent.atomic.AtomicLongArray;

/** The counters of a balloon device. Kept over resets; read by any thread. */
public final class BalloonCounters {

    private final AtomicLongArray values = new AtomicLongArray(BalloonCounter.values().length);

    BalloonCounters() {}

    /** What was counted since the device was made. */
    public long get(BalloonCounter counter) {
        return values.getOpaque(counter.ordinal());
    }

    void add(BalloonCounter counter, long count) {
        values.getAndAdd(counter.ordinal(), count);
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        for (BalloonCounter counter : BalloonCounter.values()) {
            text.append(counter).append('=').append(get(counter)).append(' ');
        }
        return text.toString().stripTrailing();
    }
}
