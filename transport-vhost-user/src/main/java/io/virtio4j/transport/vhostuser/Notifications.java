// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.vhostuser;

import io.virtio4j.core.transport.NotificationSink;
import io.virtio4j.core.wire.Le32;
import io.virtio4j.core.wire.StructLayout;
import io.virtio4j.host.linux.EventFd;
import io.virtio4j.host.linux.LinuxException;
import io.virtio4j.host.linux.Poller;
import io.virtio4j.host.linux.UnixSocket;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.SocketTimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The device's notifications: the eventfds that the front-end gave for each ring, and its connection for the
 * back-end's own messages. Notifying takes no lock and allocates nothing; the front-end's messages change the
 * table meanwhile. [Back-end communication]
 */
final class Notifications implements NotificationSink {

    private static final Logger LOG = LoggerFactory.getLogger(VhostUserServer.class);

    private static final StructLayout HEADER = StructLayout.of("vhost-user message header");
    private static final Le32 REQUEST = HEADER.le32("request");
    private static final Le32 FLAGS = HEADER.le32("flags");
    private static final Le32 SIZE = HEADER.le32("size");
    private static final int HEADER_SIZE = HEADER.size(12);

    private static final int CONFIG_CHANGE_MSG = 2;
    private static final int VERSION = 1;

    private final AtomicReferenceArray<@Nullable EventFd> calls;
    private final AtomicReferenceArray<@Nullable EventFd> errors;

    /** Used buffer notifications that came when there was nothing to signal. */
    private final AtomicIntegerArray pending;

    private final AtomicBoolean changed = new AtomicBoolean();
    private volatile @Nullable Poller poller;

    // Of the thread of the connection.
    private final MemorySegment message = Arena.ofAuto().allocate(HEADER_SIZE, 8);
    private @Nullable UnixSocket channel;
    private boolean tellsChanges;

    Notifications(int rings) {
        calls = new AtomicReferenceArray<>(rings);
        errors = new AtomicReferenceArray<>(rings);
        pending = new AtomicIntegerArray(rings);
        REQUEST.set(message, 0, CONFIG_CHANGE_MSG);
        FLAGS.set(message, 0, VERSION);
        SIZE.set(message, 0, 0);
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

    /** Takes what the back-end's messages go to; they are told to it only with CONFIG. */
    void channel(@Nullable UnixSocket newChannel) {
        if (channel != null) {
            channel.close();
        }
        channel = newChannel;
    }

    void tellChanges(boolean on) {
        tellsChanges = on;
    }

    /**
     * Tells a changed configuration.
     *
     * @return whether it has to be tried again, because the front-end does not read
     */
    boolean flush() {
        UnixSocket to = channel;
        if (!changed.get() || to == null || !tellsChanges) {
            return false;
        }
        changed.set(false);
        try {
            // Nothing waits for the front-end: one message stands for all that it did not read.
            to.send(message, 0);
        } catch (SocketTimeoutException full) {
            if (full.bytesTransferred == 0) {
                changed.set(true);
                return true;
            }
            dropChannel(full);
        } catch (IOException e) {
            dropChannel(e);
        }
        return false;
    }

    private void dropChannel(IOException cause) {
        LOG.warn("channel for the back-end's messages given up: {}", cause.getMessage());
        channel(null);
    }

    /** The front-end is gone. */
    void clear() {
        poller = null;
        for (int queue = 0; queue < calls.length(); queue++) {
            call(queue, null);
            error(queue, null);
            begin(queue);
        }
        channel(null);
        tellsChanges = false;
        changed.set(false);
    }
}
