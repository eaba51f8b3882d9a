// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs;

import java.util.concurrent.atomic.AtomicLongArray;

/** The counters of a file system device. Kept over resets; read by any thread. */
public final class FsCounters {

    private final AtomicLongArray values = new AtomicLongArray(FsCounter.values().length);

    FsCounters() {}

    /** What was counted since the device was made. */
    public long get(FsCounter counter) {
        return values.getOpaque(counter.ordinal());
    }

    void count(FsCounter counter) {
        count(counter, 1);
    }

    void count(FsCounter counter, long more) {
        values.getAndAdd(counter.ordinal(), more);
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        for (FsCounter counter : FsCounter.values()) {
            text.append(counter).append('=').append(get(counter)).append(' ');
        }
        return text.toString().stripTrailing();
    }
}
