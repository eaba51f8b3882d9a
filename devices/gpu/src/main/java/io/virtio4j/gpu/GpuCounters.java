// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpu;

import java.util.concurrent.atomic.AtomicLongArray;

/** The counters of a GPU device. Read by any thread. */
public final class GpuCounters {

    private final AtomicLongArray values = new AtomicLongArray(GpuCounter.values().length);

    GpuCounters() {}

    /** What was counted since the device was made. */
    public long get(GpuCounter counter) {
        return values.getOpaque(counter.ordinal());
    }

    void add(GpuCounter counter, long amount) {
        values.addAndGet(counter.ordinal(), amount);
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        for (GpuCounter counter : GpuCounter.values()) {
            text.append(counter).append('=').append(get(counter)).append(' ');
        }
        return text.toString().stripTrailing();
    }
}
