// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Time that moves when a test says so, with its alarms. */
final class ManualNetClock implements NetClock {

    private final Set<Alarm> alarms = new LinkedHashSet<>();
    private long now = 1_000_000_000L;

    @Override
    public synchronized long nanoTime() {
        return now;
    }

    @Override
    public synchronized void set(Alarm alarm, long time) {
        alarm.time(time);
        alarms.add(alarm);
    }

    /** Moves forward, and rings what is due. */
    void advance(long nanos) {
        List<Alarm> due = new ArrayList<>();
        synchronized (this) {
            now += nanos;
            for (Alarm alarm : List.copyOf(alarms)) {
                if (alarm.time() - now <= 0) {
                    alarms.remove(alarm);
                    due.add(alarm);
                }
            }
        }
        due.forEach(Alarm::ring);
    }
}
