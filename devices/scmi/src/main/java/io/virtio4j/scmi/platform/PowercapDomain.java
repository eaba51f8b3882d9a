// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.scmi.platform;

import io.virtio4j.scmi.protocol.HardwareFault;
import io.virtio4j.scmi.protocol.ScmiPlatform;
import java.time.Duration;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A power cap: how much power a part of the board may take on average, and over which time. Powers are in
 * microwatts, times (the power averaging interval, PAI) in microseconds. [DEN0056: Powercap protocol]
 */
public final class PowercapDomain extends SimulatedDomain {

    static final int CAP_CHANGED = 0;
    static final int MEASUREMENTS_CHANGED = 1;

    private final int least;
    private final int most;
    private final int step;
    private final IntSupplier power;
    private int leastInterval = 1000;
    private int mostInterval = 1000;
    private int intervalStep = 1;
    private int sustainable;
    private @Nullable PowercapDomain parent;
    private Duration latency = Duration.ZERO;
    private int cap;
    private int interval = 1000;

    private PowercapDomain(String name, int least, int most, int step, IntSupplier power) {
        super(name);
        this.least = least;
        this.most = most;
        this.step = step;
        this.power = power;
        sustainable = most;
        cap = most;
    }

    /**
     * A domain that is capped at its highest cap.
     *
     * @param least the lowest cap; 1 and more
     * @param most the highest cap
     * @param step between caps
     * @param power what is taken now
     */
    public static PowercapDomain of(String name, int least, int most, int step, IntSupplier power) {
        if (least < 1 || most <= least || step < 1 || (most - least) % step != 0) {
            throw new IllegalArgumentException("caps have a step that leads from the lowest to the highest:"
                    + " domain=" + name + " least=" + least + " most=" + most + " step=" + step);
        }
        return new PowercapDomain(name, least, most, step, power);
    }

    /** The averaging intervals that can be set; the shortest at first. Default: 1 ms only. */
    public PowercapDomain intervals(int shortest, int longest, int stepMicros) {
        checkConfigurable();
        if (shortest < 1 || longest <= shortest || stepMicros < 1 || (longest - shortest) % stepMicros != 0) {
            throw new IllegalArgumentException("averaging intervals have a step that leads from the shortest to"
                    + " the longest: domain=" + name() + " shortest=" + shortest + " longest=" + longest
                    + " step=" + stepMicros);
        }
        leastInterval = shortest;
        mostInterval = longest;
        intervalStep = stepMicros;
        interval = shortest;
        return this;
    }

    /** What it can take for ever. Default: the highest cap. */
    public PowercapDomain sustains(int microwatts) {
        checkConfigurable();
        sustainable = microwatts;
        return this;
    }

    /** The domain, of the same platform, that it is a part of. */
    public PowercapDomain within(PowercapDomain whole) {
        checkConfigurable();
        parent = whole;
        return this;
    }

    /** How long a change of the cap takes if it is asked to answer later. */
    public PowercapDomain latency(Duration time) {
        checkConfigurable();
        latency = time;
        return this;
    }

    /** Told of each change, under the platform's lock. */
    public PowercapDomain onChange(Runnable listener) {
        listen(listener);
        return this;
    }

    /** The cap; 0 if there is none. */
    public int cap() {
        return locked(() -> cap);
    }

    /** The averaging interval. */
    public int interval() {
        return locked(() -> interval);
    }

    /** What is taken may have changed: notifies agents that asked, if it passed what they asked for. */
    public void measure() {
        change(() -> changed(MEASUREMENTS_CHANGED, ScmiPlatform.PLATFORM_AGENT));
    }

    // ── For the protocol ───────────────────────────────────────────────────

    int least() {
        return least;
    }

    int most() {
        return most;
    }

    int step() {
        return step;
    }

    int leastInterval() {
        return leastInterval;
    }

    int mostInterval() {
        return mostInterval;
    }

    int intervalStep() {
        return intervalStep;
    }

    boolean hasIntervals() {
        return mostInterval > leastInterval;
    }

    int sustainable() {
        return sustainable;
    }

    @Nullable PowercapDomain parent() {
        return parent;
    }

    Duration latency() {
        return latency;
    }

    int power() {
        try {
            return power.getAsInt();
        } catch (RuntimeException e) {
            throw new HardwareFault("power cannot be measured: domain=" + name(), e);
        }
    }

    boolean isCap(long value) {
        return value == 0 || value >= least && value <= most && (value - least) % step == 0;
    }

    boolean isInterval(long value) {
        return value >= leastInterval && value <= mostInterval && (value - leastInterval) % intervalStep == 0;
    }

    void set(int newCap, int newInterval, int agent) {
        if (newCap != cap || newInterval != interval) {
            cap = newCap;
            interval = newInterval;
            changed(CAP_CHANGED, agent);
        }
    }
}
