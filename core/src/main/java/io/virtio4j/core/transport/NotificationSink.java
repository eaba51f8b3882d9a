// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.transport;

/**
 * Carries the device's notifications to the driver: implemented by a transport. Called by queue owners and
 * by whatever changes the configuration; must not block and must not throw.
 */
public interface NotificationSink {

    /** A used buffer notification. [Notifications] */
    void usedBuffers(int queue);

    /** A configuration change notification. [Notifications] */
    void configurationChanged();

    /** A queue stopped because its ring is inconsistent; for transports that tell it of each queue. */
    default void queueFailed(int queue) {}
}
