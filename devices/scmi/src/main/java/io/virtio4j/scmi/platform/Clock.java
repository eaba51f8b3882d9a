// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.scmi.platform;

import io.virtio4j.scmi.protocol.HardwareFault;
import io.virtio4j.scmi.protocol.ScmiPlatform;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A clock. One of four kinds: with a {@linkplain #range range} of rates, with {@linkplain #rates single} rates,
 * {@linkplain #fixed fixed}, or {@linkplain #mux derived} from a parent that can be chosen. [DEN0056: Clock
 * management protocol]
 */
public final class Clock extends SimulatedDomain {

    /** What an agent may do with a clock. */
    public enum Control {
        /** Switch it on and off. */
        STATE,
        /** Choose its parent. */
        PARENT,
        /** Set its rate. */
        RATE
    }

    static final int RATE_CHANGED = 0;
    static final int RATE_CHANGE_REQUESTED = 1;

    private final ClockRates rates;
    private final List<Clock> parents;
    private final @Nullable LongSupplier source;
    private long rate;
    private int parent;
    private boolean enabled = true;
    private Duration latency = Duration.ZERO;
    private final Map<Integer, Long> configuration = new TreeMap<>();
    private final Map<Integer, Set<Control>> permissions = new HashMap<>();

    private Clock(String name, ClockRates rates, List<Clock> parents, @Nullable LongSupplier source) {
        super(name);
        this.rates = rates;
        this.parents = parents;
        this.source = source;
        rate = rates.lowest();
    }

    /** A clock that runs at any rate from the lowest to the highest, in steps; in Hz. */
    public static Clock range(String name, long lowest, long highest, long step) {
        return new Clock(name, ClockRates.range(lowest, highest, step), List.of(), null);
    }

    /** A clock that runs at some rates; in Hz. */
    public static Clock rates(String name, long... rates) {
        return new Clock(name, ClockRates.single(rates), List.of(), null);
    }

    /** A clock whose rate Java code knows, in Hz. */
    public static Clock fixed(String name, LongSupplier rate) {
        return new Clock(name, ClockRates.single(rate.getAsLong()), List.of(), rate);
    }

    /** A clock that runs as one of its parents, of the same platform, does: the first at first. */
    public static Clock mux(String name, Clock... parents) {
        if (parents.length == 0 || parents.length > 255) {
            throw new IllegalArgumentException("a mux has 1 to 255 parents: clock=" + name + " parents="
                    + parents.length);
        }
        long[] possible = Arrays.stream(parents).mapToLong(Clock::rateNow).sorted().distinct().toArray();
        return new Clock(name, ClockRates.single(possible), List.of(parents), null);
    }

    // ── Configuration ──────────────────────────────────────────────────────

    /** The rate at first. Default: the lowest. */
    public Clock initially(long hertz) {
        checkConfigurable();
        if (!isSettable() || rates.round(hertz, ClockRates.DOWN) != hertz) {
            throw new IllegalArgumentException("clock cannot run like that: clock=" + name() + " rate=" + hertz);
        }
        rate = hertz;
        return this;
    }

    /** Off at first. */
    public Clock off() {
        checkConfigurable();
        enabled = false;
        return this;
    }

    /** How long a change of the rate takes if it is asked to answer later. */
    public Clock latency(Duration time) {
        checkConfigurable();
        latency = time;
        return this;
    }

    /**
     * A configuration that can be read and set: 1 for the duty cycle in percent, 2 for the phase, 0x80 to 0xFF
     * for a vendor's.
     */
    public Clock configuration(int type, long value) {
        checkConfigurable();
        if (type < 1 || type > 0xFF) {
            throw new IllegalArgumentException("a clock's configuration has a type of 1 to 255: clock=" + name()
                    + " type=" + type);
        }
        configuration.put(type, value);
        return this;
    }

    /** What an agent may do with it. Default: everything. */
    public Clock permits(int agent, Control... controls) {
        checkConfigurable();
        Set<Control> allowed = EnumSet.noneOf(Control.class);
        allowed.addAll(List.of(controls));
        permissions.put(agent, allowed);
        return this;
    }

    /** Told of each change of its rate, parent or state by an agent, under the platform's lock. */
    public Clock onChange(Runnable listener) {
        listen(listener);
        return this;
    }

    // ── The running clock ──────────────────────────────────────────────────

    /** Its rate in Hz, whether it is on or not. */
    public long rate() {
        return locked(this::rateNow);
    }

    /** Whether it is on. */
    public boolean isOn() {
        return locked(() -> enabled);
    }

    /** Which of its parents it runs like; -1 if it has none. */
    public int parent() {
        return locked(() -> parents.isEmpty() ? -1 : parent);
    }

    /** The value of a configuration. */
    public long configuration(int type) {
        return locked(() -> configuration.getOrDefault(type, 0L));
    }

    /** A fixed clock's rate may have changed: tells agents that asked. */
    public void refresh() {
        change(() -> changed(RATE_CHANGED, ScmiPlatform.PLATFORM_AGENT));
    }

    // ── For the protocol ───────────────────────────────────────────────────

    long rateNow() {
        LongSupplier supplied = source;
        if (supplied != null) {
            try {
                return supplied.getAsLong();
            } catch (RuntimeException e) {
                throw new HardwareFault("clock has no rate: clock=" + name(), e);
            }
        }
        return parents.isEmpty() ? rate : parents.get(parent).rateNow();
    }

    /** The rates that it can have. */
    ClockRates possible() {
        return source != null || !parents.isEmpty() ? ClockRates.single(currentRates()) : rates;
    }

    private long[] currentRates() {
        return parents.isEmpty() ? new long[] {rateNow()}
                : parents.stream().mapToLong(Clock::rateNow).sorted().distinct().toArray();
    }

    /** Whether its rate is its own. */
    boolean isSettable() {
        return source == null && parents.isEmpty();
    }

    List<Clock> parents() {
        return parents;
    }

    int parentIndex() {
        return parent;
    }

    boolean enabled() {
        return enabled;
    }

    Duration latency() {
        return latency;
    }

    /** Whether there is something that not every agent may do, or none can. */
    boolean isRestricted() {
        return !permissions.isEmpty() || !isSettable();
    }

    boolean allows(int agent, Control control) {
        Set<Control> allowed = permissions.get(agent);
        return allowed == null || allowed.contains(control);
    }

    Map<Integer, Long> configuration() {
        return configuration;
    }

    void setRate(long hertz, int agent) {
        if (hertz != rate) {
            rate = hertz;
            changed(RATE_CHANGED, agent);
        }
    }

    void setParent(int index, int agent) {
        if (index != parent) {
            parent = index;
            changed(RATE_CHANGED, agent);
        }
    }

    /** No notification tells of that. */
    void setEnabled(boolean on) {
        if (on != enabled) {
            enabled = on;
            heard();
        }
    }
}
