// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.scmi.platform;

import io.virtio4j.scmi.protocol.MessageWriter;
import io.virtio4j.scmi.protocol.ScmiPlatform;
import io.virtio4j.scmi.protocol.Subscriptions;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The power of the whole system. [DEN0056: System power management protocol] */
public final class SystemPower {

    /** Off. */
    public static final long SHUTDOWN = 0;
    /** Reset, nothing preserved. */
    public static final long COLD_RESET = 1;
    /** Reset, memory preserved. */
    public static final long WARM_RESET = 2;
    /** On. */
    public static final long POWER_UP = 3;
    /** Asleep. */
    public static final long SUSPEND = 4;

    /**
     * What an agent asked for.
     *
     * @param agent who asked
     * @param graceful whether other agents may finish first; if not, at once
     * @param state what the system is to do
     */
    public record Request(int agent, boolean graceful, long state) {}

    private static final int GRACEFUL = 1;

    private final Subscriptions transitions = new Subscriptions(SystemPowerProtocol.ID, 0, 1);
    private final Consumer<Request> listener;
    private @Nullable ScmiPlatform platform;
    private long state = POWER_UP;

    private SystemPower(Consumer<Request> listener) {
        this.listener = listener;
    }

    /** One that tells what agents ask for, under the platform's lock, and does nothing by itself. */
    public static SystemPower telling(Consumer<Request> listener) {
        return new SystemPower(listener);
    }

    void attach(ScmiPlatform to) {
        if (platform != null) {
            throw new IllegalStateException("system power is part of a platform already");
        }
        platform = to;
    }

    Subscriptions transitions() {
        return transitions;
    }

    long state() {
        return state;
    }

    void restore(long saved) {
        state = saved;
    }

    /**
     * Asks agents that want to be told to shut down, reset or suspend.
     *
     * @param to the state that is asked for
     * @param timeoutMillis after how long it happens anyway; 0 for never
     */
    public void request(long to, long timeoutMillis) {
        tell(new Request(ScmiPlatform.PLATFORM_AGENT, true, to), timeoutMillis);
    }

    /** Tells agents that it happens at once. */
    public void force(long to) {
        tell(new Request(ScmiPlatform.PLATFORM_AGENT, false, to), 0);
    }

    private void tell(Request request, long timeoutMillis) {
        ScmiPlatform place = platform;
        if (place == null) {
            throw new IllegalStateException("build the platform first: system power");
        }
        place.change(() -> announce(place, request, timeoutMillis));
    }

    /** An agent asked. */
    void requested(ScmiPlatform place, Request request) {
        state = request.state;
        announce(place, request, 0);
        listener.accept(request);
    }

    private void announce(ScmiPlatform place, Request request, long timeoutMillis) {
        transitions.sendToOthers(place, request.agent, 0, false, MessageWriter.payload()
                .le32(request.agent).le32(request.graceful ? GRACEFUL : 0).le32(request.state)
                .le32(timeoutMillis));
    }
}
