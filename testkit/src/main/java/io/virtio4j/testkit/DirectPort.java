// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit;

import io.virtio4j.core.device.FeatureSet;
import io.virtio4j.core.memory.SharedMemoryRegion;
import io.virtio4j.core.transport.DeviceInstance;
import io.virtio4j.core.transport.NotificationSink;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Drives a device instance without a transport in between. Each queue has a vector of its own in {@link
 * #interrupts()}.
 */
public final class DirectPort implements DriverPort {

    private final DeviceInstance instance;
    private final InterruptProbe interrupts = new InterruptProbe();
    private final AtomicLong used = new AtomicLong();
    private final AtomicBoolean changed = new AtomicBoolean();

    /** Attaches to a device that no transport is attached to. */
    public DirectPort(DeviceInstance instance) {
        this.instance = instance;
        instance.attach(new Sink(), FeatureSet.NONE);
    }

    private final class Sink implements NotificationSink {

        @Override
        public void usedBuffers(int queue) {
            used.getAndUpdate(bits -> bits | 1L << queue);
            interrupts.raise(queue);
        }

        @Override
        public void configurationChanged() {
            changed.set(true);
            interrupts.raise(InterruptProbe.CONFIGURATION);
        }
    }

    /** The device. */
    public DeviceInstance instance() {
        return instance;
    }

    @Override
    public int deviceId() {
        return instance.type().id();
    }

    @Override
    public int deviceFeatures(int word) {
        return instance.offered().word(word);
    }

    @Override
    public void acceptFeatures(int word, int bits) {
        instance.acceptFeatures(word, bits);
    }

    @Override
    public int status() {
        return instance.status();
    }

    @Override
    public void writeStatus(int value) {
        instance.writeStatus(value);
    }

    @Override
    public long readConfig(int offset, int width) {
        return instance.readConfig(offset, width);
    }

    @Override
    public void writeConfig(int offset, int width, long value) {
        instance.writeConfig(offset, width, value);
    }

    @Override
    public int configGeneration() {
        return instance.configGeneration();
    }

    @Override
    public int queueSizeMax(int queue) {
        return instance.queueSizeMax(queue);
    }

    @Override
    public int queueSize(int queue) {
        return instance.queueSize(queue);
    }

    @Override
    public void queueSize(int queue, int size) {
        instance.queueSize(queue, size);
    }

    @Override
    public void queueAddresses(int queue, long descriptorArea, long driverArea, long deviceArea) {
        instance.configureQueue(queue, config -> {
            config.descriptorArea(descriptorArea);
            config.driverArea(driverArea);
            config.deviceArea(deviceArea);
        });
    }

    @Override
    public void enableQueue(int queue) {
        instance.enableQueue(queue);
    }

    @Override
    public boolean isQueueEnabled(int queue) {
        return instance.isQueueEnabled(queue);
    }

    @Override
    public void resetQueue(int queue) {
        instance.resetQueue(queue);
    }

    @Override
    public boolean isQueueResetting(int queue) {
        return instance.isQueueResetting(queue);
    }

    @Override
    public void notifyQueue(int queue) {
        instance.notifyQueue(queue);
    }

    @Override
    public void notifyQueue(NotificationData data) {
        instance.notifyQueue(data.queue());
    }

    @Override
    public InterruptProbe interrupts() {
        return interrupts;
    }

    @Override
    public Notifications takeNotifications() {
        return new Notifications(changed.getAndSet(false), used.getAndSet(0));
    }

    @Override
    public @Nullable SharedMemory sharedMemory(int id) {
        for (SharedMemoryRegion region : instance.sharedMemory()) {
            if (region.id() == id) {
                return new SharedMemory(id, region.segment().address(), region.length());
            }
        }
        return null;
    }
}
