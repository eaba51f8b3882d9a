// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.i2c;

import java.util.concurrent.atomic.AtomicLongArray;

/** The counters of an I2C adapter. Read by any thread. */
public final class I2cCounters {

    private final AtomicLongArray values = new AtomicLongArray(I2cCounter.values().length);

    I2cCounters() {}

    /** What was counted since the device was made. */
    public long get(I2cCounter counter) {
        return values.getOpaque(counter.ordinal());
    }

    void add(I2cCounter counter, long amount) {
        values.addAndGet(counter.ordinal(), amount);
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        for (I2cCounter counter : I2cCounter.values()) {
            text.append(counter).append('=').append(get(counter)).append(' ');
        }
        return text.toString().stripTrailing();
    }
}
