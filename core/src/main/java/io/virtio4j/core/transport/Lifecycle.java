// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.transport;

import static io.virtio4j.core.transport.DeviceStatus.DRIVER_OK;
import static io.virtio4j.core.transport.DeviceStatus.FEATURES_OK;
import static io.virtio4j.core.transport.DeviceStatus.SUSPEND;

import io.virtio4j.core.device.ConfigSpace;
import io.virtio4j.core.device.CoreFeature;
import io.virtio4j.core.device.QueueSpec;
import io.virtio4j.core.device.VirtioDevice;
import io.virtio4j.core.fault.RingFault;
import io.virtio4j.core.memory.GuestMemory;
import io.virtio4j.core.queue.ChainJournal;
import io.virtio4j.core.queue.QueueContext;
import io.virtio4j.core.queue.QueueHandler;
import io.virtio4j.core.queue.QueueState;
import io.virtio4j.core.queue.Runner;
import io.virtio4j.core.queue.VirtQueue;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one lifecycle: from reset over negotiation to a running device, suspended or not, and back. [Device
 * Initialization], [Device Suspend], [Device Reset], [Virtqueue Reset]
 *
 * <p>Every method is called under the lock of the device instance; queue owners never take it.
 */
final class Lifecycle {

    private static final Logger LOG = LoggerFactory.getLogger(DeviceInstance.class);

    private final VirtioDevice device;
    private final String name;
    private final GuestMemory memory;
    private final Runner runner;
    private final Duration resetGrace;
    private final ConfigSpace config;
    private final Negotiation negotiation;
    private final QueueSlot[] slots;
    private final DeviceEvents events;

    /** Changed here, but for DEVICE_NEEDS_RESET, which any queue's owner may set. */
    private final AtomicInteger status = new AtomicInteger();

    /** Waiting for the host's I/O: read without the lock, to keep the common read of status cheap. */
    private volatile boolean resetting;

    private volatile boolean suspending;
    private int pauses;
    private boolean refusalLogged;

    Lifecycle(DeviceInstanceBuilder from) {
        device = from.device;
        name = device.type().name();
        memory = from.memory;
        runner = from.runner;
        resetGrace = from.resetGrace;
        config = device.configSpace();
        negotiation = new Negotiation(device, from.coreFeatures());
        events = new DeviceEvents(name, memory, negotiation, status, from.onDeviceError);
        List<QueueSpec> specs = device.queues();
        slots = new QueueSlot[specs.size()];
        for (int i = 0; i < slots.length; i++) {
            slots[i] = new QueueSlot(i, specs.get(i));
        }
        config.onChange(events::configurationChanged);
    }

    VirtioDevice device() {
        return device;
    }

    ConfigSpace config() {
        return config;
    }

    Negotiation negotiation() {
        return negotiation;
    }

    DeviceEvents events() {
        return events;
    }

    int queueCount() {
        return slots.length;
    }

    QueueSlot slot(int index) {
        return slots[index];
    }

    int status() {
        return status.get();
    }

    /** Whether a reset or a suspension waits for the host's I/O. */
    boolean isWaiting() {
        return resetting || suspending;
    }

    boolean isBeingReset() {
        return resetting;
    }

    boolean isSuspending() {
        return suspending;
    }

    boolean isResetting() {
        settle();
        return resetting;
    }

    // ── Status transitions ─────────────────────────────────────────────────

    boolean has(int bit) {
        return (status.get() & bit) != 0;
    }

    boolean accepted(CoreFeature feature) {
        return negotiation.accepted().has(feature);
    }

    void change(int clear, int set) {
        StatusEvent.record(name, status.updateAndGet(bits -> bits & ~clear | set));
    }

    /** Whether FEATURES_OK may be set. */
    boolean agree() {
        String refusal = negotiation.refusal();
        if (refusal == null) {
            refusal = ask();
        }
        if (refusal != null && !refusalLogged) {
            refusalLogged = true; // once: a driver can provoke it as often as it likes
            LOG.warn("features refused: device={} accepted={} offered={} {}", name,
                    negotiation.accepted(), negotiation.offered(), refusal);
        }
        return refusal == null;
    }

    private @Nullable String ask() {
        try {
            return device.negotiate(negotiation.accepted());
        } catch (RuntimeException e) {
            events.deviceFailed(e);
            return "device failed: " + e;
        }
    }

    /** DRIVER_OK: the device runs from now on. */
    void run() {
        change(0, DRIVER_OK);
        if (activate()) {
            for (QueueSlot slot : slots) {
                if (slot.config.isEnabled()) {
                    start(slot, null);
                }
            }
        }
    }

    private boolean activate() {
        try {
            device.activate(events);
            return true;
        } catch (RuntimeException e) {
            events.deviceFailed(e);
            events.needsReset("device could not be activated: " + e);
            return false;
        }
    }

    void beginSuspend() {
        suspending = true;
        for (QueueSlot slot : slots) {
            VirtQueue queue = slot.running;
            if (queue != null) {
                queue.quiesce(true);
            }
        }
        settle();
    }

    void resume() {
        change(SUSPEND, DRIVER_OK);
        for (QueueSlot slot : slots) {
            VirtQueue queue = slot.running;
            if (queue != null) {
                queue.quiesce(false);
                queue.unhold();
            }
        }
        config.thaw();
    }

    // ── Starting and stopping ──────────────────────────────────────────────

    void start(QueueSlot slot, @Nullable QueueState from) {
        start(slot, from, null);
    }

    void start(QueueSlot slot, @Nullable QueueState from, @Nullable ChainJournal journal) {
        QueueState state = from != null ? from : QueueState.initial(negotiation.ring().format());
        try {
            VirtQueue queue = new VirtQueue(slot.config, negotiation.ring(), state,
                    new QueueContext(memory, events, slot.counters, runner, journal));
            QueueHandler handler = device.startQueue(queue, events);
            for (int i = 0; i < pauses; i++) {
                queue.hold();
            }
            if (suspending || has(SUSPEND)) {
                queue.quiesce(true);
            }
            if (has(SUSPEND)) {
                queue.hold();
            }
            slot.running = queue;
            queue.run(handler);
        } catch (RingFault e) {
            events.needsReset(String.valueOf(e.getMessage()));
        } catch (RuntimeException e) {
            events.deviceFailed(e);
            events.needsReset("queue could not be started: queue=" + slot.config.name() + " " + e);
        }
    }

    /** Stops a queue after the host's I/O on its deferred chains, or when the grace is over. */
    @Nullable QueueState stopInOrder(QueueSlot slot, Duration grace) {
        VirtQueue queue = slot.running;
        if (queue == null) {
            return null;
        }
        queue.hold();
        long deadline = System.nanoTime() + grace.toNanos();
        while (queue.isLent() && System.nanoTime() < deadline) {
            LockSupport.parkNanos(100_000);
        }
        QueueState state = queue.state();
        stop(slot);
        slot.config.enabled(false);
        return state;
    }

    void stop(QueueSlot slot) {
        VirtQueue queue = slot.running;
        if (queue == null) {
            return;
        }
        queue.stop();
        slot.left(queue);
        guarded(() -> device.stopQueue(queue));
        awaitQuiet(slot, System.nanoTime() + resetGrace.toNanos());
    }

    /** Whether nothing holds buffers of the queue that ran before, now or after a moment. */
    boolean awaitLeft(QueueSlot slot) {
        awaitQuiet(slot, System.nanoTime() + resetGrace.toNanos());
        return !slot.isLeaving();
    }

    /** Gives host I/O that was cancelled a moment to return its chains. */
    private void awaitQuiet(QueueSlot slot, long deadline) {
        while (slot.isLeaving() && System.nanoTime() < deadline) {
            LockSupport.parkNanos(100_000);
        }
    }

    void reset() {
        settle();
        if (resetting) {
            return;
        }
        suspending = false;
        boolean running = has(DRIVER_OK) || has(SUSPEND);
        for (QueueSlot slot : slots) {
            VirtQueue queue = slot.running;
            if (queue != null) {
                queue.stop();
                slot.left(queue);
                guarded(() -> device.stopQueue(queue));
            }
        }
        if (running || has(FEATURES_OK)) {
            guarded(device::reset);
        }
        resetting = true;
        long deadline = System.nanoTime() + resetGrace.toNanos();
        for (QueueSlot slot : slots) {
            awaitQuiet(slot, deadline);
        }
        settle();
    }

    /** Ends what waited for the host's I/O, if it is done. */
    void settle() {
        if (resetting) {
            for (QueueSlot slot : slots) {
                if (slot.isLeaving()) {
                    return;
                }
            }
            resetting = false;
            for (QueueSlot slot : slots) {
                slot.config.reset();
                slot.wasReset = false;
            }
            negotiation.reset();
            config.thaw();
            change(0xFF, 0);
        } else if (suspending) {
            finishSuspend();
        }
    }

    private void finishSuspend() {
        if (hasDeferred()) {
            return;
        }
        holdAll();
        // A turn that was going on may have deferred the last chain it took.
        if (hasDeferred()) {
            unholdAll();
            return;
        }
        suspending = false;
        // What a device held back is due before SUSPEND shows.
        for (QueueSlot slot : slots) {
            VirtQueue queue = slot.running;
            if (queue != null) {
                queue.settle();
            }
        }
        config.freeze();
        change(DRIVER_OK, SUSPEND);
    }

    private boolean hasDeferred() {
        for (QueueSlot slot : slots) {
            VirtQueue queue = slot.running;
            if (queue != null && queue.deferred() > 0) {
                return true;
            }
        }
        return false;
    }

    private void holdAll() {
        for (QueueSlot slot : slots) {
            VirtQueue queue = slot.running;
            if (queue != null) {
                queue.hold();
            }
        }
    }

    private void unholdAll() {
        for (QueueSlot slot : slots) {
            VirtQueue queue = slot.running;
            if (queue != null) {
                queue.unhold();
            }
        }
    }

    private void guarded(Runnable call) {
        try {
            call.run();
        } catch (RuntimeException e) {
            events.deviceFailed(e);
        }
    }

    /** Whether the driver may program the queue now. */
    boolean isProgrammable(QueueSlot slot) {
        settle();
        // > The driver MUST NOT ... after enabling: what runs is an immutable snapshot anyway.
        return !resetting && !slot.config.isEnabled() && !slot.isLeaving()
                && (!has(DRIVER_OK) || negotiation.accepted().has(CoreFeature.RING_RESET))
                && !has(SUSPEND);
    }

    // ── Pausing and restoring ──────────────────────────────────────────────

    void pause() {
        pauses++;
        holdAll();
    }

    void unpause() {
        if (pauses == 0) {
            throw new IllegalStateException("device is not paused: device=" + name);
        }
        pauses--;
        unholdAll();
    }

    /**
     * While paused: gives the host's I/O a moment to complete deferred chains; says whether all are. Those
     * of a queue that was stopped had theirs.
     */
    boolean awaitUnlent() {
        long deadline = System.nanoTime() + resetGrace.toNanos();
        boolean quiet = true;
        for (QueueSlot slot : slots) {
            while (slot.isLent() && System.nanoTime() < deadline) {
                LockSupport.parkNanos(100_000);
            }
            quiet &= !slot.isLent() && !slot.isLeaving();
        }
        return quiet;
    }

    /** Takes up a saved status and runs the queues that have a state. */
    void restored(int savedStatus, boolean wasSuspending, List<@Nullable QueueState> states) {
        suspending = wasSuspending;
        change(0xFF, savedStatus);
        boolean suspended = (savedStatus & SUSPEND) != 0;
        if (suspended) {
            config.freeze();
        }
        if ((savedStatus & (DRIVER_OK | SUSPEND)) != 0 && activate()) {
            for (int i = 0; i < slots.length; i++) {
                QueueState state = states.get(i);
                if (state != null) {
                    start(slots[i], state);
                }
            }
        }
        if (!suspended) {
            config.thaw(); // tells what differs from what the driver saw
        }
    }
}
