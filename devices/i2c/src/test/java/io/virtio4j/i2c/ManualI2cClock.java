// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.i2c;

import java.util.ArrayList;
import java.util.List;

/** Time that moves when told to. */
final class ManualI2cClock implements I2cClock {

    private record Alarm(long time, Runnable task) {}

    private final List<Alarm> alarms = new ArrayList<>();
    private long now;

    @Override
    public long nanoTime() {
        return now;
    }

    @Override
    public void after(long nanos, Runnable task) {
        alarms.add(new Alarm(now + nanos, task));
    }

    int alarms() {
        return alarms.size();
    }

    /** Moves forward, and runs what is due. */
    void advance(long nanos) {
        now += nanos;
        for (Alarm alarm : List.copyOf(alarms)) {
            if (alarm.time <= now) {
                alarms.remove(alarm);
                alarm.task.run();
            }
        }
    }
}
