// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.scmi.protocol;

import java.util.concurrent.atomic.AtomicLongArray;

/** The counters of a channel. Kept over resets; read by any thread. */
public final class ScmiCounters {

    private final AtomicLongArray values = new AtomicLongArray(ScmiCounter.values().length);

    ScmiCounters() {}

    /** What was counted since the channel was opened. */
    public long get(ScmiCounter counter) {
        return values.get(counter.ordinal());
    }

    void add(ScmiCounter counter) {
        values.getAndIncrement(counter.ordinal());
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        for (ScmiCounter counter : ScmiCounter.values()) {
            text.append(counter).append('=').append(get(counter)).append(' ');
        }
        return text.toString().stripTrailing();
    }
}
