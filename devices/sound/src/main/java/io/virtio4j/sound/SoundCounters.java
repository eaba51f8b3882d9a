// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.sound;

import java.util.concurrent.atomic.AtomicLongArray;

/** The counters of a sound device. Read by any thread. */
public final class SoundCounters {

    private final AtomicLongArray values = new AtomicLongArray(SoundCounter.values().length);

    SoundCounters() {}

    /** What was counted since the device was made. */
    public long get(SoundCounter counter) {
        return values.getOpaque(counter.ordinal());
    }

    void add(SoundCounter counter, long amount) {
        values.getAndAdd(counter.ordinal(), amount);
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        for (SoundCounter counter : SoundCounter.values()) {
            text.append(counter).append('=').append(get(counter)).append(' ');
        }
        return text.toString().stripTrailing();
    }
}
