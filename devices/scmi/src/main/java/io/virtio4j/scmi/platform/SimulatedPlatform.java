// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.scmi.platform;

import io.virtio4j.scmi.protocol.PlatformClock;
import io.virtio4j.scmi.protocol.ScmiPlatform;
import io.virtio4j.scmi.protocol.ScmiPlatformBuilder;
import io.virtio4j.scmi.protocol.ScmiProtocol;
import io.virtio4j.scmi.protocol.ScmiResource;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Makes a platform of what is on a board. There is a protocol for each kind of thing that was added; things of
 * a kind are numbered from 0, in the order in which they were added.
 *
 * <pre>{@code
 * Clock uart = Clock.range("uart", 1_000_000, 100_000_000, 1_000_000);
 * ScmiPlatform board = new SimulatedPlatform()
 *     .agent("linux")
 *     .add(uart)
 *     .add(Sensor.of("soc", SensorType.CELSIUS, thermometer::milliCelsius).scale(-3))
 *     .build();
 * }</pre>
 */
public final class SimulatedPlatform {

    private final ScmiPlatformBuilder builder = ScmiPlatform.builder();
    private final List<PowerDomain> powerDomains = new ArrayList<>();
    private final List<PerformanceDomain> performanceDomains = new ArrayList<>();
    private final List<Clock> clocks = new ArrayList<>();
    private final List<Sensor> sensors = new ArrayList<>();
    private final List<ResetDomain> resetDomains = new ArrayList<>();
    private final List<VoltageDomain> voltageDomains = new ArrayList<>();
    private final List<PowercapDomain> powercapDomains = new ArrayList<>();
    private @Nullable SystemPower systemPower;
    private @Nullable PinController pins;
    private @Nullable PlatformClock time;
    private Duration samplePeriod = Duration.ofMillis(100);
    private boolean statistics;

    /** An empty board. */
    public SimulatedPlatform() {}

    // ── The platform ───────────────────────────────────────────────────────

    /** Who made it: up to 15 characters of ASCII each, and a version of the vendor's own meaning. */
    public SimulatedPlatform vendor(String vendor, String subVendor, int implementationVersion) {
        builder.vendor(vendor, subVendor, implementationVersion);
        return this;
    }

    /** Adds an agent; the first has id 1. Without any, there is one called {@code OSPM}. */
    public SimulatedPlatform agent(String name) {
        builder.agent(name);
        return this;
    }

    /** Adds an agent that may change what others are permitted. */
    public SimulatedPlatform trustedAgent(String name) {
        builder.trustedAgent(name);
        return this;
    }

    /** Adds a device: things whose use is permitted and denied together. */
    public SimulatedPlatform device(int id, ScmiResource... resources) {
        builder.device(id, resources);
        return this;
    }

    /** Denies an agent a device, until it is permitted. */
    public SimulatedPlatform deny(int agent, int device) {
        builder.deny(agent, device);
        return this;
    }

    /** Adds a protocol of one's own. */
    public SimulatedPlatform protocol(ScmiProtocol protocol) {
        builder.protocol(protocol);
        return this;
    }

    /** Another time than the system's. Closed with the platform. */
    public SimulatedPlatform clock(PlatformClock other) {
        time = other;
        return this;
    }

    /** How often sensors are looked at for trip points. Default: ten times a second. */
    public SimulatedPlatform samplePeriod(Duration period) {
        if (period.compareTo(Duration.ofMillis(1)) < 0) {
            throw new IllegalArgumentException("sensors are looked at each millisecond at most: period=" + period);
        }
        samplePeriod = period;
        return this;
    }

    /**
     * Shows statistics of power and performance domains in shared memory, in a region for each. The transport
     * has to have a place for them.
     */
    public SimulatedPlatform statistics() {
        statistics = true;
        return this;
    }

    // ── The board ──────────────────────────────────────────────────────────

    /** Adds a power domain. */
    public SimulatedPlatform add(PowerDomain domain) {
        powerDomains.add(domain);
        return this;
    }

    /** The system's power can be managed. */
    public SimulatedPlatform add(SystemPower power) {
        systemPower = power;
        return this;
    }

    /** Adds a performance domain. */
    public SimulatedPlatform add(PerformanceDomain domain) {
        performanceDomains.add(domain);
        return this;
    }

    /** Adds a clock. */
    public SimulatedPlatform add(Clock clock) {
        clocks.add(clock);
        return this;
    }

    /** Adds a sensor. */
    public SimulatedPlatform add(Sensor sensor) {
        sensors.add(sensor);
        return this;
    }

    /** Adds a reset domain. */
    public SimulatedPlatform add(ResetDomain domain) {
        resetDomains.add(domain);
        return this;
    }

    /** Adds a voltage domain. */
    public SimulatedPlatform add(VoltageDomain domain) {
        voltageDomains.add(domain);
        return this;
    }

    /** Adds a power cap. */
    public SimulatedPlatform add(PowercapDomain domain) {
        powercapDomains.add(domain);
        return this;
    }

    /** Pins can be controlled. */
    public SimulatedPlatform add(PinController controller) {
        pins = controller;
        return this;
    }

    /** Makes the platform. Once: what was added belongs to it. */
    public ScmiPlatform build() {
        PlatformClock clock = time != null ? time : PlatformClock.system();
        builder.clock(clock);
        if (!powerDomains.isEmpty()) {
            builder.protocol(new PowerDomainProtocol(powerDomains, statistics ? clock : null));
        }
        SystemPower power = systemPower;
        if (power != null) {
            builder.protocol(new SystemPowerProtocol(power));
        }
        if (!performanceDomains.isEmpty()) {
            builder.protocol(new PerformanceProtocol(performanceDomains, statistics ? clock : null));
        }
        if (!clocks.isEmpty()) {
            builder.protocol(new ClockProtocol(clocks));
        }
        if (!sensors.isEmpty()) {
            builder.protocol(new SensorProtocol(sensors, samplePeriod));
        }
        if (!resetDomains.isEmpty()) {
            builder.protocol(new ResetProtocol(resetDomains));
        }
        if (!voltageDomains.isEmpty()) {
            builder.protocol(new VoltageProtocol(voltageDomains));
        }
        if (!powercapDomains.isEmpty()) {
            builder.protocol(new PowercapProtocol(powercapDomains));
        }
        PinController controller = pins;
        if (controller != null) {
            builder.protocol(new PinProtocol(controller));
        }
        return builder.build();
    }
}
