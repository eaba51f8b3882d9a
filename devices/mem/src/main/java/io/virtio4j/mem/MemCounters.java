// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.mem;

import java.util.concurrent.atomic.AtomicLongArray;

/** The counters of a memory device. Kept over resets; read by any thread. */
public final class MemCounters {

    private final AtomicLongArray values = new AtomicLongArray(MemCounter.values().length);

    MemCounters() {}

    /** What was counted since the device was made. */
    public long get(MemCounter counter) {
        return values.getOpaque(counter.ordinal());
    }

    void count(MemCounter counter) {
        count(counter, 1);
    }

    void count(MemCounter counter, long more) {
        values.getAndAdd(counter.ordinal(), more);
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        for (MemCounter counter : MemCounter.values()) {
            text.append(counter).append('=').append(get(counter)).append(' ');
        }
        return text.toString().stripTrailing();
    }
}
