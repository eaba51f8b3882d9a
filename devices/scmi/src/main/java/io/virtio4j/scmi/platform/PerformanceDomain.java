// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.scmi.platform;

import io.virtio4j.scmi.protocol.ScmiPlatform;
import java.util.Comparator;
import java.util.List;

/**
 * A performance domain: levels, limits, and one level within them. [DEN0056: Performance domain management
 * protocol]
 */
public final class PerformanceDomain extends SimulatedDomain {

    static final int LIMITS_CHANGED = 0;
    static final int LEVEL_CHANGED = 1;

    private final List<PerformanceLevel> levels;
    private int sustained;
    private int latencyMicros = 10;
    private int current;
    private int least;
    private int most;

    private PerformanceDomain(String name, PerformanceLevel... levels) {
        super(name);
        this.levels = List.of(levels).stream()
                .sorted(Comparator.comparingInt(PerformanceLevel::value)).toList();
        if (levels.length == 0
                || this.levels.stream().mapToInt(PerformanceLevel::value).distinct().count() != levels.length) {
            throw new IllegalArgumentException("a performance domain has levels of different values: domain="
                    + name);
        }
        most = levels.length - 1;
        sustained = most;
    }

    /** A domain that runs at its highest level's limit, and at its lowest level at first. */
    public static PerformanceDomain of(String name, PerformanceLevel... levels) {
        return new PerformanceDomain(name, levels);
    }

    /** The level that it is at at first. */
    public PerformanceDomain initially(int level) {
        checkConfigurable();
        current = checkedIndexOf(level);
        return this;
    }

    /** The highest level that it can be at for ever. Default: the highest. */
    public PerformanceDomain sustains(int level) {
        checkConfigurable();
        sustained = checkedIndexOf(level);
        return this;
    }

    /** How long a change takes. */
    public PerformanceDomain latencyMicros(int micros) {
        checkConfigurable();
        latencyMicros = micros;
        return this;
    }

    /** Told of each change, under the platform's lock. */
    public PerformanceDomain onChange(Runnable listener) {
        listen(listener);
        return this;
    }

    private int checkedIndexOf(int level) {
        int index = indexOf(level);
        if (index < 0) {
            throw new IllegalArgumentException("no such level: domain=" + name() + " level=" + level);
        }
        return index;
    }

    /** The level that it is at. */
    public int level() {
        return locked(() -> levels.get(current).value());
    }

    /** The lowest level that it may be at. */
    public int lowestLevel() {
        return locked(() -> levels.get(least).value());
    }

    /** The highest level that it may be at. */
    public int highestLevel() {
        return locked(() -> levels.get(most).value());
    }

    /** The hardware limits itself: too hot, for example. */
    public void limit(int lowest, int highest) {
        int from = checkedIndexOf(lowest);
        int to = checkedIndexOf(highest);
        if (from > to) {
            throw new IllegalArgumentException("the lowest level is above the highest: domain=" + name()
                    + " lowest=" + lowest + " highest=" + highest);
        }
        change(() -> setLimits(from, to, ScmiPlatform.PLATFORM_AGENT));
    }

    List<PerformanceLevel> levels() {
        return levels;
    }

    int indexOf(long level) {
        for (int i = 0; i < levels.size(); i++) {
            if (levels.get(i).value() == level) {
                return i;
            }
        }
        return -1;
    }

    PerformanceLevel sustained() {
        return levels.get(sustained);
    }

    int latencyMicros() {
        return latencyMicros;
    }

    int current() {
        return current;
    }

    int least() {
        return least;
    }

    int most() {
        return most;
    }

    void setLimits(int from, int to, int agent) {
        if (from != least || to != most) {
            least = from;
            most = to;
            changed(LIMITS_CHANGED, agent);
        }
        setLevel(Math.clamp(current, least, most), agent);
    }

    void setLevel(int index, int agent) {
        if (index != current) {
            current = index;
            changed(LEVEL_CHANGED, agent);
        }
    }
}
