// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpio;

import java.util.concurrent.atomic.AtomicLongArray;

/** The counters of a GPIO device. Kept over resets; read by any thread. */
public final class GpioCounters {

    private final AtomicLongArray values = new AtomicLongArray(GpioCounter.values().length);

    GpioCounters() {}

    /** What was counted since the device was made. */
    public long get(GpioCounter counter) {
        return values.getOpaque(counter.ordinal());
    }

    void count(GpioCounter counter) {
        values.getAndIncrement(counter.ordinal());
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        for (GpioCounter counter : GpioCounter.values()) {
            text.append(counter).append('=').append(get(counter)).append(' ');
        }
        return text.toString().stripTrailing();
    }
}
