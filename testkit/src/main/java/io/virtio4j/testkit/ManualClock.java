// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;

/** A clock that moves when told to. Safe for use by several threads. */
public final class ManualClock extends Clock {

    private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

    private final AtomicReference<Instant> now;
    private final ZoneId zone;

    /** Creates a clock at the beginning of 2026, UTC. */
    public ManualClock() {
        this(new AtomicReference<>(START), ZoneOffset.UTC);
    }

    private ManualClock(AtomicReference<Instant> now, ZoneId zone) {
        this.now = now;
        this.zone = zone;
    }

    /** Moves forward. */
    public void advance(Duration duration) {
        if (duration.isNegative()) {
            throw new IllegalArgumentException("time does not go backwards: duration=" + duration);
        }
        now.updateAndGet(instant -> instant.plus(duration));
    }

    /** Nanoseconds since this clock was made, in place of {@link System#nanoTime()}. */
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
        return new ManualClock(now, newZone);
    }
}
