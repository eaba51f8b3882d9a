// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.scmi.platform;

import java.time.Duration;
import java.util.Arrays;

/** A voltage domain: a regulator. Levels are in microvolts, and may be negative. [DEN0056: Voltage protocol] */
public final class VoltageDomain extends SimulatedDomain {

    private final int[] levels;
    private final boolean range;
    private int level;
    private boolean on = true;
    private Duration latency = Duration.ZERO;

    private VoltageDomain(String name, int[] levels, boolean range) {
        super(name);
        this.levels = levels;
        this.range = range;
        level = levels[0];
    }

    /** A domain with some levels, at the lowest at first. */
    public static VoltageDomain levels(String name, int... microvolts) {
        int[] sorted = Arrays.stream(microvolts).sorted().distinct().toArray();
        if (sorted.length == 0) {
            throw new IllegalArgumentException("a voltage domain has levels: domain=" + name);
        }
        return new VoltageDomain(name, sorted, false);
    }

    /** A domain with levels from the lowest to the highest in steps, at the lowest at first. */
    public static VoltageDomain range(String name, int lowest, int highest, int step) {
        if (step < 1 || highest <= lowest || ((long) highest - lowest) % step != 0) {
            throw new IllegalArgumentException("a range of levels has a step that leads from the lowest to the"
                    + " highest: domain=" + name + " lowest=" + lowest + " highest=" + highest + " step=" + step);
        }
        return new VoltageDomain(name, new int[] {lowest, highest, step}, true);
    }

    /** The level at first. */
    public VoltageDomain initially(int microvolts) {
        checkConfigurable();
        if (!has(microvolts)) {
            throw new IllegalArgumentException("no such level: domain=" + name() + " level=" + microvolts);
        }
        level = microvolts;
        return this;
    }

    /** Off at first. */
    public VoltageDomain off() {
        checkConfigurable();
        on = false;
        return this;
    }

    /** How long a change of the level takes if it is asked to answer later. */
    public VoltageDomain latency(Duration time) {
        checkConfigurable();
        latency = time;
        return this;
    }

    /** Told of each change, under the platform's lock. */
    public VoltageDomain onChange(Runnable listener) {
        listen(listener);
        return this;
    }

    /** The level that is set, in microvolts, whether it is on or not. */
    public int level() {
        return locked(() -> level);
    }

    /** Whether it is on. */
    public boolean isOn() {
        return locked(() -> on);
    }

    // ── For the protocol ───────────────────────────────────────────────────

    int[] described() {
        return levels;
    }

    boolean isRange() {
        return range;
    }

    Duration latency() {
        return latency;
    }

    boolean has(int microvolts) {
        return range
                ? microvolts >= levels[0] && microvolts <= levels[1]
                        && ((long) microvolts - levels[0]) % levels[2] == 0
                : Arrays.binarySearch(levels, microvolts) >= 0;
    }

    boolean isBeyond(int microvolts) {
        int highest = range ? levels[1] : levels[levels.length - 1];
        return microvolts < levels[0] || microvolts > highest;
    }

    void set(boolean power, int microvolts) {
        if (power != on || microvolts != level) {
            on = power;
            level = microvolts;
            heard();
        }
    }
}
