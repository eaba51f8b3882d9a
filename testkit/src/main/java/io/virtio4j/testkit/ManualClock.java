// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit;

import io.virtio4j.core.device.DeviceClock;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;

/** A clock that moves when told to, and rings what is due then. Safe for use by several threads. */
public final class ManualClock extends Clock implements DeviceClock {

    private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

    private final AtomicReference<Instant> now;
    private final Set<Alarm> alarms;
    private final ZoneId zone;

    /** Creates a clock at the beginning of 2026, UTC. */
    public ManualClock() {
        this(new AtomicReference<>(START), new LinkedHashSet<>(), ZoneOffset.UTC);
    }

    private ManualClock(AtomicReference<Instant> now, Set<Alarm> alarms, ZoneId zone) {
        this.now = now;
        this.alarms = alarms;
        this.zone = zone;
    }

    /** Moves forward, and rings the alarms that are due, on this thread. */
    public void advance(Duration duration) {
        if (duration.isNegative()) {
            throw new IllegalArgumentException("time does not go backwards: duration=" + duration);
        }
        now.updateAndGet(instant -> instant.plus(duration));
        takeDue().forEach(Alarm::ring);
    }

    private List<Alarm> takeDue() {
        long time = nanoTime();
        List<Alarm> due = new ArrayList<>();
        synchronized (alarms) {
            for (Alarm alarm : alarms) {
                if (alarm.time() - time <= 0) {
                    due.add(alarm);
                }
            }
            due.forEach(alarms::remove);
        }
        return due;
    }

    @Override
    public void set(Alarm alarm, long time) {
        synchronized (alarms) {
            alarm.time(time);
            alarms.add(alarm);
        }
    }

    /** How many alarms are set and have not rung. */
    public int waiting() {
        synchronized (alarms) {
            return alarms.size();
        }
    }

    /** Nanoseconds since this clock was made, in place of {@link System#nanoTime()}. */
    @Override
    public long nanoTime() {
        return Duration.between(START, instant()).toNanos();
    }

    /** {@link #nanoTime()} as a function. */
    public LongSupplier nanoTimeSource() {
        return this::nanoTime;
    }

    @Override
    public Instant instant() {
        return now.get();
    }

    @Override
    public ZoneId getZone() {
        return zone;
    }

    /** The same clock, shown in another zone. */
    @Override
    public Clock withZone(ZoneId newZone) {
        return new ManualClock(now, alarms, newZone);
    }
}
