// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.device;

import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** Time, for what a device does later: paces, moderates, gives up. Safe for use by any thread. */
public interface DeviceClock {

    /** Nanoseconds, in place of {@link System#nanoTime()}. */
    long nanoTime();

    /**
     * Rings an alarm soon after its {@linkplain Alarm#time() time}; allocates nothing. An alarm that was set
     * before may ring at its old time too: alarms can stand that.
     */
    void set(Alarm alarm, long time);

    /** The system's time. Alarms are rung by one daemon thread, which is started with the first of them. */
    static DeviceClock system() {
        return SystemDeviceClock.INSTANCE;
    }

    /** What is to be done at some time; one object, set again and again. */
    abstract class Alarm {

        final AtomicBoolean listed = new AtomicBoolean();
        /** The next in a clock's list. */
        @Nullable Alarm next;
        private volatile long time;

        /** For subclasses. */
        protected Alarm() {}

        /** When to ring. */
        public final long time() {
            return time;
        }

        /** Remembers when to ring; for clocks. */
        public final void time(long newTime) {
            time = newTime;
        }

        /** Rings; must not block. May be called too early, and without need. */
        public abstract void ring();
    }
}
