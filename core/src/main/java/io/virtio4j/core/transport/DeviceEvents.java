// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.transport;

import static io.virtio4j.core.transport.DeviceStatus.DEVICE_NEEDS_RESET;
import static io.virtio4j.core.transport.DeviceStatus.DRIVER_OK;

import io.virtio4j.core.device.DeviceContext;
import io.virtio4j.core.device.FeatureSet;
import io.virtio4j.core.fault.RingFault;
import io.virtio4j.core.memory.GuestMemory;
import io.virtio4j.core.queue.QueueListener;
import io.virtio4j.core.queue.VirtQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What queues and the device tell the instance, on any thread: notifications, faults, the need of a reset.
 * The one place that turns a fault into an answer. Takes no lock.
 */
final class DeviceEvents implements QueueListener, DeviceContext {

    private static final Logger LOG = LoggerFactory.getLogger(DeviceInstance.class);

    private static final NotificationSink NOWHERE = new NotificationSink() {
        @Override
        public void usedBuffers(int queue) {}

        @Override
        public void configurationChanged() {}
    };

    private final String device;
    private final GuestMemory memory;
    private final Negotiation negotiation;
    private final AtomicInteger status;
    private final Consumer<Throwable> onDeviceError;

    private volatile NotificationSink sink = NOWHERE;

    DeviceEvents(String device, GuestMemory memory, Negotiation negotiation, AtomicInteger status,
            Consumer<Throwable> onDeviceError) {
        this.device = device;
        this.memory = memory;
        this.negotiation = negotiation;
        this.status = status;
        this.onDeviceError = onDeviceError;
    }

    void connect(NotificationSink newSink) {
        sink = newSink;
    }

    void disconnect() {
        sink = NOWHERE;
    }

    // ── Notifications ──────────────────────────────────────────────────────

    @Override
    public void usedBuffers(VirtQueue queue) {
        InterruptEvent.record(device, queue.index());
        try {
            sink.usedBuffers(queue.index());
        } catch (RuntimeException e) {
            report(e); // the embedder's mistake; the queue's owner goes on
        }
    }

    void configurationChanged() {
        if ((status.get() & DRIVER_OK) != 0) {
            InterruptEvent.record(device, -1);
            try {
                sink.configurationChanged();
            } catch (RuntimeException e) {
                report(e);
            }
        }
    }

    // ── Faults ─────────────────────────────────────────────────────────────

    @Override
    public void queueFailed(VirtQueue queue, Throwable cause) {
        if (!(cause instanceof RingFault)) {
            report(cause);
        }
        needsReset(String.valueOf(cause.getMessage()));
        sink.queueFailed(queue.index());
    }

    @Override
    public void deviceFailed(VirtQueue queue, Throwable cause) {
        FaultEvent.record(device, "device failed: " + cause);
        report(cause);
    }

    /** The device's code failed outside of a queue. */
    void deviceFailed(Throwable cause) {
        FaultEvent.record(device, "device failed: " + cause);
        report(cause);
    }

    /** Whatever the embedder does with it, the queue's owner goes on. */
    private void report(Throwable cause) {
        try {
            onDeviceError.accept(cause);
        } catch (RuntimeException e) {
            LOG.error("handler of device errors failed: device={}", device, e);
        }
    }

    /** Sets DEVICE_NEEDS_RESET once; logged once a reset, however often a driver provokes it. */
    @Override
    public void needsReset(String reason) {
        FaultEvent.record(device, reason);
        int before = status.getAndUpdate(bits -> bits == 0 ? 0 : bits | DEVICE_NEEDS_RESET);
        if (before == 0 || (before & DEVICE_NEEDS_RESET) != 0) {
            return;
        }
        StatusEvent.record(device, before | DEVICE_NEEDS_RESET);
        LOG.warn("device needs reset: device={} {}", device, reason);
        // > If DRIVER_OK is set, after it sets DEVICE_NEEDS_RESET, the device MUST send a device
        // > configuration change notification to the driver. [Device Status Field]
        configurationChanged();
    }

    // ── What the device asks for ───────────────────────────────────────────

    @Override
    public FeatureSet negotiated() {
        return negotiation.accepted();
    }

    @Override
    public GuestMemory memory() {
        return memory;
    }
}
