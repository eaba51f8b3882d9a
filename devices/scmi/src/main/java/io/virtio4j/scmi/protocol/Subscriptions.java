// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.scmi.protocol;

import io.virtio4j.core.wire.StateReader;
import io.virtio4j.core.wire.StateWriter;
import java.util.Arrays;
import java.util.BitSet;
import java.util.function.IntPredicate;

/** Which agents asked for a kind of notification, for each of its sources. To be used under the platform's lock. */
public final class Subscriptions {

    private static final long ENABLE = 1;

    private final int protocol;
    private final int event;
    private final BitSet[] agents;

    /**
     * Creates one that nobody has asked.
     *
     * @param protocol the protocol's id
     * @param event the message id of the notification
     * @param sources how many domains, clocks, sensors, ... there are
     */
    public Subscriptions(int protocol, int event, int sources) {
        this.protocol = protocol;
        this.event = event;
        agents = new BitSet[sources];
        Arrays.setAll(agents, source -> new BitSet());
    }

    /** The command that asks: the number of the source, and 1 to be told or 0 not to be. */
    public ScmiCommand command(int message, String name, IntPredicate offered) {
        return ScmiCommand.notifying(message, name, 8, call -> {
            int source = call.readIndex(agents.length);
            long control = call.readLe32();
            if (source < 0) {
                return ScmiStatus.NOT_FOUND;
            }
            return !offered.test(source) ? ScmiStatus.NOT_SUPPORTED : ask(call, source, control);
        });
    }

    /** The command that asks where there is one source only. */
    public ScmiCommand command(int message, String name) {
        return ScmiCommand.notifying(message, name, 4, call -> ask(call, 0, call.readLe32()));
    }

    /** Does what such a command asks for. */
    public ScmiStatus ask(ScmiCall call, int source, long control) {
        if ((control & ~ENABLE) != 0) {
            return ScmiStatus.INVALID_PARAMETERS;
        }
        if (call.isDenied(source)) {
            return ScmiStatus.DENIED;
        }
        agents[source].set(call.agent(), control == ENABLE);
        return ScmiStatus.SUCCESS;
    }

    /** Whether an agent is told. */
    public boolean has(int agent, int source) {
        return agents[source].get(agent);
    }

    /** Whether some agent is told. */
    public boolean hasAny(int source) {
        return !agents[source].isEmpty();
    }

    /**
     * Tells everybody who asked.
     *
     * @param latest it tells how things are: one that still waits may be replaced by it
     */
    public void send(ScmiPlatform platform, int source, boolean latest, MessageWriter payload) {
        sendToOthers(platform, ScmiPlatform.PLATFORM_AGENT, source, latest, payload);
    }

    /** Tells everybody who asked but one. */
    public void sendToOthers(
            ScmiPlatform platform, int except, int source, boolean latest, MessageWriter payload) {
        BitSet told = agents[source];
        for (int agent = told.nextSetBit(0); agent >= 0; agent = told.nextSetBit(agent + 1)) {
            if (agent != except && platform.permits(agent, protocol, source)) {
                platform.notifyAgent(agent, protocol, event, latest ? source : ScmiPlatform.EVERY_ONE, payload);
            }
        }
    }

    /** An agent is not told any more. */
    public void forget(int agent) {
        for (BitSet told : agents) {
            told.clear(agent);
        }
    }

    /** Writes what an agent is told of. */
    public void save(int agent, StateWriter out) {
        for (BitSet told : agents) {
            out.flag(told.get(agent));
        }
    }

    /** Reads that; the result puts it into effect. */
    public Runnable restore(int agent, StateReader in) {
        boolean[] saved = new boolean[agents.length];
        for (int i = 0; i < saved.length; i++) {
            saved[i] = in.flag();
        }
        return () -> {
            for (int i = 0; i < saved.length; i++) {
                agents[i].set(agent, saved[i]);
            }
        };
    }
}
