// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.vhostuser;

import io.virtio4j.core.transport.NotificationSink;
import io.virtio4j.host.linux.EventFd;
import io.virtio4j.host.linux.LinuxException;
import io.virtio4j.host.linux.Poller;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * The device's notifications: the eventfds that the front-end gave for each ring, and changes of the configuration.
 * Notifying takes no lock and allocates nothing; the front-end's messages change the table meanwhile.
 */
final class Notifications implements NotificationSink {

    private final AtomicReferenceArray<@Nullable EventFd> calls;
    private final AtomicReferenceArray<@Nullable EventFd> errors;

    /** Used buffer notifications that came when there was nothing to signal. */
    private final AtomicIntegerArray pending;

    private final AtomicBoolean changed = new AtomicBoolean();
    private volatile @Nullable Poller poller;

    /** Of the thread of the connection. */
    private boolean tellsChanges;

    Notifications(int rings) {
        calls = new AtomicReferenceArray<>(rings);
        errors = new AtomicReferenceArray<>(rings);
        pending = new AtomicIntegerArray(rings);
    }

    // ── From the device: any thread ────────────────────────────────────────

    @Override
    public void usedBuffers(int queue) {
        EventFd event = calls.get(queue);
        if (event == null || !signal(event)) {
            pending.set(queue, 1);
            release(queue);
        }
    }

    /** Signals what is pending. Whoever sets the eventfd or the pending mark does so first, then comes here. */
    private void release(int queue) {
        EventFd event = calls.get(queue);
        while (event != null && pending.compareAndSet(queue, 1, 0)) {
            if (signal(event)) {
                return;
            }
            // Replaced, and closed, meanwhile.
            pending.set(queue, 1);
            event = calls.get(queue);
        }
    }

    @Override
    public void configurationChanged() {
        changed.set(true);
        Poller waiting = poller;
        if (waiting != null) {
            waiting.wakeUp();
        }
    }

    @Override
    public void queueFailed(int queue) {
        EventFd event = errors.get(queue);
        if (event != null) {
            signal(event);
        }
    }

    /** Whether it was not closed before. */
    private static boolean signal(EventFd event) {
        try {
            event.signal();
            return true;
        } catch (LinuxException closed) {
            return false;
        }
    }

    // ── From the front-end: the thread of the connection ───────────────────

    void attach(Poller newPoller) {
        changed.set(false);
        poller = newPoller;
    }

    /** {@code null}: the front-end polls. */
    void call(int queue, @Nullable EventFd event) {
        replace(calls, queue, event);
        release(queue);
    }

    void error(int queue, @Nullable EventFd event) {
        replace(errors, queue, event);
    }

    /** A ring begins: nothing from before it concerns the driver. */
    void begin(int queue) {
        pending.set(queue, 0);
    }

    private static void replace(
            AtomicReferenceArray<@Nullable EventFd> events, int queue, @Nullable EventFd event) {
        EventFd before = events.getAndSet(queue, event);
        if (before != null) {
            before.close();
        }
    }

    /** Whether the front-end wants to know of changes of the configuration. */
    void tellChanges(boolean on) {
        tellsChanges = on;
    }

    /**
     * Tells a changed configuration.
     *
     * @return whether it has to be tried again, because the front-end does not read
     */
    boolean flush(BackEndChannel channel) {
        if (!changed.get() || !channel.isOpen() || !tellsChanges) {
            return false;
        }
        changed.set(false);
        // Nothing waits for the front-end: one message stands for all that it did not read.
        boolean again = channel.send(BackEndChannel.CONFIG_CHANGE_MSG, 0) == BackEndChannel.Sent.LATER;
        if (again) {
            changed.set(true);
        }
        return again;
    }

    /** The front-end is gone. */
    void clear() {
        poller = null;
        for (int queue = 0; queue < calls.length(); queue++) {
            call(queue, null);
            error(queue, null);
            begin(queue);
        }
        tellsChanges = false;
        changed.set(false);
    }
}
