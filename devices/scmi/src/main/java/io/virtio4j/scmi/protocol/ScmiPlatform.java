// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.scmi.protocol;

import io.virtio4j.core.memory.SharedMemoryRegion;
import java.util.List;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What agents talk to: protocols, and who may use what of them. Several devices, each of another agent,
 * may share one.
 *
 * <p>Any thread may use it. Everything that changes what protocols know is to be done through {@link
 * #change} or {@link #get}.
 */
public final class ScmiPlatform implements AutoCloseable {

    /** The most bytes of a payload, without header and status: what Linux's virtio transport takes. */
    public static final int MOST_PAYLOAD = 128;

    /** The platform as an agent: what happens without an agent's request is its doing. */
    public static final int PLATFORM_AGENT = 0;

    /** No notification of this kind may be replaced by a later one. */
    public static final int EVERY_ONE = -1;

    private static final int MOST_AGENTS = 255;

    private final ReentrantLock lock = new ReentrantLock();
    private final List<ScmiAgent> agents;
    private final ProtocolTable protocols;
    private final Permissions permissions;
    private final BaseProtocol base;
    private final PlatformClock clock;
    private final AtomicReferenceArray<@Nullable ScmiChannel> channels =
            new AtomicReferenceArray<>(MOST_AGENTS + 1);

    ScmiPlatform(ScmiPlatformBuilder from) {
        agents = from.agents();
        permissions = from.permissions();
        clock = from.clock();
        base = new BaseProtocol(this, from.identity());
        protocols = new ProtocolTable(base, from.protocols());
        protocols.all().forEach(protocol -> protocol.attach(this));
    }

    /** Begins a platform. */
    public static ScmiPlatformBuilder builder() {
        return new ScmiPlatformBuilder();
    }

    // ── What it has ────────────────────────────────────────────────────────

    /** The agents; the first is the platform itself. */
    public List<ScmiAgent> agents() {
        return agents;
    }

    /** The protocols; the first is the base protocol. */
    public List<ScmiProtocol> protocols() {
        return protocols.all();
    }

    ProtocolTable table() {
        return protocols;
    }

    Permissions permissions() {
        return permissions;
    }

    /** Whether any protocol sends notifications or delayed responses. */
    public boolean usesEvents() {
        return protocols.all().stream().anyMatch(ScmiProtocol::usesEvents);
    }

    /** The statistics of all protocols. */
    public List<SharedMemoryRegion> statistics() {
        return protocols.all().stream().flatMap(protocol -> protocol.statistics().stream()).toList();
    }

    /** Its time. */
    public PlatformClock clock() {
        return clock;
    }

    /** Whether an agent may use a resource. */
    public boolean permits(int agent, int protocol, int index) {
        return permissions.permits(agent, protocol, index);
    }

    /**
     * Opens a channel for an agent.
     *
     * @param ready called by any thread when there are events to take
     * @throws IllegalArgumentException if there is no such agent
     */
    public ScmiChannel open(int agent, Runnable ready) {
        if (agent <= PLATFORM_AGENT || agent >= agents.size()) {
            throw new IllegalArgumentException("no such agent; give the platform one for each device: agent="
                    + agent + " agents=1.." + (agents.size() - 1));
        }
        return new ScmiChannel(this, agent, ready);
    }

    // ── Changes ────────────────────────────────────────────────────────────

    void lock() {
        lock.lock();
    }

    void unlock() {
        lock.unlock();
    }

    /** Does something that nobody else does meanwhile; then notifications leave. */
    public void change(Runnable work) {
        get(() -> {
            work.run();
            return Boolean.TRUE;
        });
    }

    /** As {@link #change}, with a result. */
    public <T> T get(Supplier<T> work) {
        lock.lock();
        try {
            return work.get();
        } finally {
            lock.unlock();
            flush();
        }
    }

    /** Wakes whoever has events to take; not while the lock is held. */
    void flush() {
        if (lock.isHeldByCurrentThread()) {
            return;
        }
        for (int agent = 1; agent < agents.size(); agent++) {
            ScmiChannel channel = channels.get(agent);
            if (channel != null) {
                channel.wake();
            }
        }
    }

    /**
     * Notifies an agent, if it is there and can be notified. Under the lock.
     *
     * @param protocol the protocol's id
     * @param event the message id of the notification
     * @param source what it is about, if it tells how things are; {@link #EVERY_ONE} if it tells what happened
     */
    public void notifyAgent(int agent, int protocol, int event, int source, MessageWriter payload) {
        ScmiChannel channel = channels.get(agent);
        if (channel != null) {
            channel.notify(new ScmiEvent(
                    MessageHeader.of(event, MessageHeader.NOTIFICATION, protocol, 0),
                    payload.toByteArray(), source));
        }
    }

    /**
     * Tells agents that asked for it of errors. [DEN0056: BASE_ERROR_EVENT]
     *
     * @param agent who caused them
     * @param fatal whether the platform cannot go on
     * @param errors the commands that failed; the first 14 are told
     */
    public void reportErrors(int agent, boolean fatal, List<CommandError> errors) {
        change(() -> base.reportErrors(agent, fatal, errors));
    }

    /** Forgets what an agent asked to be told of. */
    void forget(int agent) {
        protocols.all().forEach(protocol -> protocol.forget(agent));
    }

    // ── Channels ───────────────────────────────────────────────────────────

    void connect(ScmiChannel channel) {
        channels.set(channel.agent(), channel);
    }

    /** Whether it was the agent's channel. */
    boolean disconnect(ScmiChannel channel) {
        return channels.compareAndSet(channel.agent(), channel, null);
    }

    /** Stops its clock: nothing happens any more without a command. */
    @Override
    public void close() {
        clock.close();
    }

    @Override
    public String toString() {
        return "ScmiPlatform[agents=" + (agents.size() - 1) + " protocols=" + protocols + "]";
    }
}
