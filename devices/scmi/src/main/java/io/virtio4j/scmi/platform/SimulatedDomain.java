// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.scmi.platform;

import io.virtio4j.scmi.protocol.MessageWriter;
import io.virtio4j.scmi.protocol.ScmiPlatform;
import java.nio.charset.StandardCharsets;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One of what a protocol manages: a name, and a place in a platform once that is built. Any thread may use
 * it then.
 */
abstract sealed class SimulatedDomain
        permits PowerDomain, PerformanceDomain, Clock, Sensor, ResetDomain, VoltageDomain, PowercapDomain {

    /** Tells agents that asked of something that an agent, or the platform, did. */
    interface Announcement {
        void make(ScmiPlatform platform, int event, int agent);
    }

    private final String name;
    private @Nullable ScmiPlatform platform;
    private int index = -1;
    private Runnable listener = () -> {};
    private Announcement announcement = (to, event, agent) -> {};

    SimulatedDomain(String name) {
        if (name.isEmpty() || name.length() >= MessageWriter.LONG_NAME
                || !StandardCharsets.US_ASCII.newEncoder().canEncode(name)) {
            throw new IllegalArgumentException("a name has 1 to 63 characters of ASCII: name=" + name);
        }
        this.name = name;
    }

    /** Its name. */
    public final String name() {
        return name;
    }

    /**
     * Its number among its kind.
     *
     * @throws IllegalStateException if it is in no platform
     */
    public final int index() {
        if (index < 0) {
            throw new IllegalStateException("build the platform first: domain=" + name);
        }
        return index;
    }

    boolean hasLongName() {
        return name.length() >= MessageWriter.SHORT_NAME;
    }

    void attach(ScmiPlatform to, int number) {
        checkConfigurable();
        platform = to;
        index = number;
    }

    /** It is configured before the platform is built. */
    final void checkConfigurable() {
        if (platform != null) {
            throw new IllegalStateException("it is part of a platform already: domain=" + name);
        }
    }

    final void listen(Runnable to) {
        checkConfigurable();
        listener = to;
    }

    /** What a protocol tells agents. */
    final void announces(Announcement by) {
        announcement = by;
    }

    /** Something changed that no notification tells of. */
    final void heard() {
        listener.run();
    }

    /** Something changed: the listener and the agents are told. */
    final void changed(int event, int agent) {
        heard();
        ScmiPlatform place = platform;
        if (place != null) {
            announcement.make(place, event, agent);
        }
    }

    /** Under the platform's lock, if there is one. */
    final <T> T locked(Supplier<T> work) {
        ScmiPlatform place = platform;
        return place == null ? work.get() : place.get(work);
    }

    /** As {@link #locked}, without a result. */
    final void change(Runnable work) {
        locked(() -> {
            work.run();
            return Boolean.TRUE;
        });
    }

    @Override
    public String toString() {
        return getClass().getSimpleName() + "[" + name + "]";
    }
}
