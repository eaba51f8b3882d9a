// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.scmi.platform;

import java.time.Duration;

/** A reset domain. [DEN0056: Reset domain management protocol] */
public final class ResetDomain extends SimulatedDomain {

    private boolean asserted;
    private long resets;
    private Duration latency = Duration.ZERO;

    private ResetDomain(String name) {
        super(name);
    }

    /** A domain that is not held in reset. */
    public static ResetDomain of(String name) {
        return new ResetDomain(name);
    }

    /** Held in reset at first. */
    public ResetDomain asserted() {
        checkConfigurable();
        asserted = true;
        return this;
    }

    /** How long a reset takes; up to an hour. */
    public ResetDomain latency(Duration time) {
        checkConfigurable();
        if (time.isNegative() || time.compareTo(Duration.ofHours(1)) > 0) {
            throw new IllegalArgumentException("a reset takes up to an hour: domain=" + name() + " latency="
                    + time);
        }
        latency = time;
        return this;
    }

    /** Told of each reset, assertion and release, under the platform's lock. */
    public ResetDomain onChange(Runnable listener) {
        listen(listener);
        return this;
    }

    /** Whether it is held in reset. */
    public boolean isAsserted() {
        return locked(() -> asserted);
    }

    /** How often it was reset: as a whole, or by an assertion. */
    public long resets() {
        return locked(() -> resets);
    }

    Duration latency() {
        return latency;
    }

    /** Resets it as a whole. */
    void reset() {
        resets++;
        heard();
    }

    void hold(boolean on) {
        if (on != asserted) {
            asserted = on;
            resets += on ? 1 : 0;
            heard();
        }
    }

    void restore(boolean on) {
        asserted = on;
    }
}
