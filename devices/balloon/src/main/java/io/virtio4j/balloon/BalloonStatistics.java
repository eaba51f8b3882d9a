// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.balloon;

import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;
import java.util.OptionalLong;

/** The guest's memory statistics at one moment. Immutable. */
public final class BalloonStatistics {

    private final Map<BalloonStatistic, Long> values;
    private final long nanoTime;

    BalloonStatistics(EnumMap<BalloonStatistic, Long> values, long nanoTime) {
        this.values = Collections.unmodifiableMap(values);
        this.nanoTime = nanoTime;
    }

    /** One of them, unsigned; empty if the driver does not supply it. */
    public OptionalLong get(BalloonStatistic statistic) {
        Long value = values.get(statistic);
        return value == null ? OptionalLong.empty() : OptionalLong.of(value);
    }

    /** What the driver supplied. */
    public Map<BalloonStatistic, Long> values() {
        return values;
    }

    /** When it came, by the device's clock: {@link System#nanoTime()} unless it was given another one. */
    public long nanoTime() {
        return nanoTime;
    }

    @Override
    public String toString() {
        return values.toString();
    }
}
