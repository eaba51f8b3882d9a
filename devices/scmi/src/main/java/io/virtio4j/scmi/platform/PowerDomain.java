// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.scmi.platform;

import java.time.Duration;

/**
 * A power domain. It is in the state of most power that an agent asked for. [DEN0056: Power domain management
 * protocol]
 */
public final class PowerDomain extends SimulatedDomain {

    /** On. */
    public static final long ON = 0;
    /** Off, context lost. */
    public static final long OFF = 0x4000_0000L;

    private long[] states = {ON, OFF};
    private int current;
    private Duration latency = Duration.ZERO;

    private PowerDomain(String name) {
        super(name);
    }

    /** A domain that is on, and can be off. */
    public static PowerDomain of(String name) {
        return new PowerDomain(name);
    }

    /** Other states than {@link #ON} and {@link #OFF}, that of most power first; 32 bits each. */
    public PowerDomain states(long... deepening) {
        checkConfigurable();
        if (deepening.length == 0) {
            throw new IllegalArgumentException("a power domain has a state at least: domain=" + name());
        }
        states = deepening.clone();
        return this;
    }

    /** The state that it is in at first. Default: that of most power. */
    public PowerDomain initially(long state) {
        checkConfigurable();
        current = indexOf(state);
        if (current < 0) {
            throw new IllegalArgumentException("no such state: domain=" + name() + " state=" + state);
        }
        return this;
    }

    /** How long it takes if it is asked to answer later. */
    public PowerDomain latency(Duration time) {
        checkConfigurable();
        latency = time;
        return this;
    }

    /** Told of each change, under the platform's lock. */
    public PowerDomain onChange(Runnable listener) {
        listen(listener);
        return this;
    }

    /** The state that it is in. */
    public long state() {
        return locked(() -> states[current]);
    }

    /** Whether it is in the state of most power. */
    public boolean isOn() {
        return locked(() -> current == 0);
    }

    Duration latency() {
        return latency;
    }

    long[] states() {
        return states;
    }

    int indexOf(long state) {
        for (int i = 0; i < states.length; i++) {
            if (states[i] == state) {
                return i;
            }
        }
        return -1;
    }

    int current() {
        return current;
    }

    /** Goes to a state. */
    void enter(int index, int agent) {
        if (index != current) {
            current = index;
            changed(0, agent);
        }
    }
}
