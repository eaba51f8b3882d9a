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

    /** Beside the events: the device runs. */
    private static final int OPEN = 4;

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
        } while (!state.compareAndSet(before, before | event));
        // An event that was there already may be one that the driver has just looked at.
        signal(true);
    }

    /** The driver writes InterruptACK. */
    void acknowledge(int events) {
        int before;
        int after;
        do {
            before = state.get();
            after = before & ~(events & EVENTS);
            if (before == after) {
                return;
            }
        } while (!state.compareAndSet(before, after));
        signal((after & EVENTS) != 0);
    }

    /** The device is about to run: events count from now on, after those that are there already. */
    void open(int events) {
        int before;
        do {
            before = state.get();
        } while (!state.compareAndSet(before, before | OPEN | events));
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
