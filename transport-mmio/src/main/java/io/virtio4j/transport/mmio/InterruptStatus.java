// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.mmio;

import io.virtio4j.core.transport.NotificationSink;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * InterruptStatus, InterruptACK and the signal that follows from them. Takes no lock: queues report used
 * buffers here.
 *
 * <p>An acknowledgement is of the events that the driver has read of. One that takes place after the read
 * stays: a driver that handles first and acknowledges then would not look again, nor would one whose write
 * takes its time on the way, as writes over a bus or a socket do.
 *
 * <p>Events count only between {@link #open} and {@link #close}, so that an event of a device's last life,
 * on its way on another thread, cannot show up after the reset.
 */
final class InterruptStatus implements NotificationSink {

    /** Used Buffer Notification. */
    static final int USED_BUFFER = 1;
    /** Configuration Change Notification. */
    static final int CONFIGURATION_CHANGE = 2;
    /** All events that there are. */
    static final int EVENTS = USED_BUFFER | CONFIGURATION_CHANGE;

    /** Beside an event: the driver has read of it. */
    private static final int READ_SHIFT = 2;
    /** Beside an event: it took place again since. */
    private static final int AGAIN_SHIFT = 4;
    /** Beside the events: the device runs. */
    private static final int OPEN = 1 << 6;

    private static final Logger LOG = LoggerFactory.getLogger(MmioTransport.class);

    private final MmioInterrupt interrupt;
    private final AtomicInteger state = new AtomicInteger();

    /** Changes of the line that nobody has looked at; who adds the first works until none is left. */
    private final AtomicInteger changes = new AtomicInteger();

    /** The level line, for whoever works on {@link #changes}. */
    private boolean asserted;

    InterruptStatus(MmioInterrupt interrupt) {
        this.interrupt = interrupt;
    }

    /** The register's value. */
    int get() {
        return state.get() & EVENTS;
    }

    /** The driver reads the register. */
    int read() {
        int before;
        int after;
        do {
            before = state.get();
            after = before & ~(EVENTS << AGAIN_SHIFT) | (before & EVENTS) << READ_SHIFT;
        } while (before != after && !state.compareAndSet(before, after));
        return before & EVENTS;
    }

    @Override
    public void usedBuffers(int queue) {
        raise(USED_BUFFER);
    }

    @Override
    public void configurationChanged() {
        raise(CONFIGURATION_CHANGE);
    }

    private void raise(int event) {
        int before;
        do {
            before = state.get();
            if ((before & OPEN) == 0) {
                return;
            }
        } while (!state.compareAndSet(
                before, before | event | (before >>> READ_SHIFT & event) << AGAIN_SHIFT));
        // An event that was there already may be one that the driver has just looked at.
        signal(true);
    }

    /** The driver writes InterruptACK. */
    void acknowledge(int events) {
        int before;
        int after;
        do {
            before = state.get();
            int acknowledged = before & events & EVENTS;
            if (acknowledged == 0) {
                return;
            }
            int again = before >>> AGAIN_SHIFT & acknowledged;
            after = before & ~(acknowledged | acknowledged << READ_SHIFT | acknowledged << AGAIN_SHIFT) | again;
        } while (!state.compareAndSet(before, after));
        signal((after & EVENTS) != 0);
    }

    /** The device is about to run: events count from now on, after those of a saved state. */
    void open(int saved) {
        int before;
        do {
            before = state.get();
        } while (!state.compareAndSet(before, before | OPEN | saved));
    }

    /** The events, and what the driver knows of them. */
    int save() {
        return state.get() & ~OPEN;
    }

    /** Whether this can be a saved state: what is known of events that there are. */
    static boolean isState(int saved) {
        int events = saved & EVENTS;
        int read = saved >>> READ_SHIFT & EVENTS;
        int again = saved >>> AGAIN_SHIFT & EVENTS;
        return saved >>> AGAIN_SHIFT <= EVENTS && (read & ~events) == 0 && (again & ~read) == 0;
    }

    /** The device was reset: no events, and none from now on. */
    void close() {
        state.set(0);
        signal(false);
    }

    /** Brings the line to where it should be. */
    void signal(boolean pulse) {
        switch (interrupt) {
            case MmioInterrupt.Level level -> follow(level.line());
            case MmioInterrupt.Edge edge -> {
                if (pulse) {
                    pulse(edge.pulse());
                }
            }
        }
    }

    /** Sets the line after the events; one thread at a time, and nobody waits for it. */
    private void follow(MmioInterrupt.Line line) {
        if (changes.getAndIncrement() != 0) {
            return;
        }
        int seen = 1;
        do {
            boolean wanted = get() != 0;
            if (wanted != asserted) {
                asserted = wanted;
                set(line, wanted);
            }
            seen = changes.addAndGet(-seen);
        } while (seen != 0);
    }

    private static void set(MmioInterrupt.Line line, boolean asserted) {
        try {
            line.set(asserted);
        } catch (RuntimeException e) {
            LOG.error("interrupt line failed: asserted={}", asserted, e);
        }
    }

    private static void pulse(Runnable pulse) {
        try {
            pulse.run();
        } catch (RuntimeException e) {
            LOG.error("interrupt pulse failed", e);
        }
    }
}
