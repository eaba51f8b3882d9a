// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit;

import org.jspecify.annotations.Nullable;

/** Leads to the device, also when that goes on elsewhere. */
final class ForwardingPort implements DriverPort {

    private volatile DriverPort to;

    ForwardingPort(DriverPort to) {
        this.to = to;
    }

    void forward(DriverPort port) {
        to = port;
    }

    @Override
    public int deviceId() {
        return to.deviceId();
    }

    @Override
    public int deviceFeatures(int word) {
        return to.deviceFeatures(word);
    }

    @Override
    public void acceptFeatures(int word, int bits) {
        to.acceptFeatures(word, bits);
    }

    @Override
    public int status() {
        return to.status();
    }

    @Override
    public void writeStatus(int value) {
        to.writeStatus(value);
    }

    @Override
    public long readConfig(int offset, int width) {
        return to.readConfig(offset, width);
    }

    @Override
    public void writeConfig(int offset, int width, long value) {
        to.writeConfig(offset, width, value);
    }

    @Override
    public int configGeneration() {
        return to.configGeneration();
    }

    @Override
    public int queueSizeMax(int queue) {
        return to.queueSizeMax(queue);
    }

    @Override
    public int queueSize(int queue) {
        return to.queueSize(queue);
    }

    @Override
    public void queueSize(int queue, int size) {
        to.queueSize(queue, size);
    }

    @Override
    public void queueAddresses(int queue, long descriptorArea, long driverArea, long deviceArea) {
        to.queueAddresses(queue, descriptorArea, driverArea, deviceArea);
    }

    @Override
    public void enableQueue(int queue) {
        to.enableQueue(queue);
    }

    @Override
    public boolean isQueueEnabled(int queue) {
        return to.isQueueEnabled(queue);
    }

    @Override
    public void resetQueue(int queue) {
        to.resetQueue(queue);
    }

    @Override
    public boolean isQueueResetting(int queue) {
        return to.isQueueResetting(queue);
    }

    @Override
    public void notifyQueue(int queue) {
        to.notifyQueue(queue);
    }

    @Override
    public void notifyQueue(NotificationData data) {
        to.notifyQueue(data);
    }

    @Override
    public InterruptProbe interrupts() {
        return to.interrupts();
    }

    @Override
    public Notifications takeNotifications() {
        return to.takeNotifications();
    }

    @Override
    public @Nullable SharedMemory sharedMemory(int id) {
        return to.sharedMemory(id);
    }
}
