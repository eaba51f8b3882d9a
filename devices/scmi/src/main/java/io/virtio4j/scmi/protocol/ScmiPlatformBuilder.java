// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.scmi.protocol;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Choices for a platform. */
public final class ScmiPlatformBuilder {

    private static final int MOST_AGENTS = 255;

    private final List<ScmiAgent> agents = new ArrayList<>();
    private final List<ScmiProtocol> protocols = new ArrayList<>();
    private final Permissions permissions = new Permissions();
    private PlatformIdentity identity = new PlatformIdentity("virtio4j", "", 1);
    private @Nullable PlatformClock clock;

    ScmiPlatformBuilder() {
        agents.add(new ScmiAgent(ScmiPlatform.PLATFORM_AGENT, "platform", true));
    }

    private static String checked(String name) {
        if (name.length() >= MessageWriter.SHORT_NAME
                || !StandardCharsets.US_ASCII.newEncoder().canEncode(name)) {
            throw new IllegalArgumentException("a name has up to 15 characters of ASCII: name=" + name);
        }
        return name;
    }

    /** Who made it. Default: virtio4j, version 1. */
    public ScmiPlatformBuilder vendor(String vendor, String subVendor, int implementationVersion) {
        identity = new PlatformIdentity(checked(vendor), checked(subVendor), implementationVersion);
        return this;
    }

    /** Adds an agent; the first has id 1. Without any, there is one called {@code OSPM}. */
    public ScmiPlatformBuilder agent(String name) {
        return agent(name, false);
    }

    /** Adds an agent that may change what others are permitted. */
    public ScmiPlatformBuilder trustedAgent(String name) {
        return agent(name, true);
    }

    private ScmiPlatformBuilder agent(String name, boolean trusted) {
        if (agents.size() > MOST_AGENTS) {
            throw new IllegalArgumentException("a platform has at most 255 agents: agent=" + name);
        }
        agents.add(new ScmiAgent(agents.size(), checked(name), trusted));
        return this;
    }

    /**
     * Adds a device: resources whose use is permitted and denied together.
     *
     * @param id what agents know it by; not negative
     */
    public ScmiPlatformBuilder device(int id, ScmiResource... resources) {
        permissions.addDevice(id, List.of(resources));
        return this;
    }

    /** Denies an agent a device, until it is permitted. */
    public ScmiPlatformBuilder deny(int agent, int device) {
        if (!permissions.hasDevice(device)) {
            throw new IllegalArgumentException("no such device; add it first: device=" + device);
        }
        permissions.set(agent, device, false);
        return this;
    }

    /** Adds a protocol. */
    public ScmiPlatformBuilder protocol(ScmiProtocol protocol) {
        protocols.add(protocol);
        return this;
    }

    /** Another time than the system's. Closed with the platform. */
    public ScmiPlatformBuilder clock(PlatformClock other) {
        clock = other;
        return this;
    }

    /** Makes the platform. Once: its protocols belong to it. */
    public ScmiPlatform build() {
        if (agents.size() == 1) {
            agent("OSPM");
        }
        return new ScmiPlatform(this);
    }

    List<ScmiAgent> agents() {
        return List.copyOf(agents);
    }

    List<ScmiProtocol> protocols() {
        return List.copyOf(protocols);
    }

    Permissions permissions() {
        return permissions;
    }

    PlatformIdentity identity() {
        return identity;
    }

    PlatformClock clock() {
        return clock != null ? clock : PlatformClock.system();
    }
}
