// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit;

import org.jspecify.annotations.Nullable;

/**
 * The few things that a driver does to a device through a transport. Passes everything on as it is: a test
 * may well do what a driver must not.
 *
 * <p>Used by one thread at a time, except {@link #notifyQueue}, as by the virtual CPUs of a guest.
 */
public interface DriverPort {

    // ── Device ─────────────────────────────────────────────────────────────

    /** The Device ID. [Device Types] */
    int deviceId();

    /** Offered features, 32 bits at once; word 0 holds bits 0 to 31. [Feature Bits] */
    int deviceFeatures(int word);

    /** Accepts features, 32 bits at once. */
    void acceptFeatures(int word, int bits);

    /** Reads device status. [Device Status Field] */
    int status();

    /** Writes device status; 0 resets. */
    void writeStatus(int value);

    /** Reads the device-specific configuration; {@code width} is 1, 2, 4 or 8 bytes. */
    long readConfig(int offset, int width);

    /** Writes the device-specific configuration; {@code width} is 1, 2, 4 or 8 bytes. */
    void writeConfig(int offset, int width, long value);

    /** The generation of the device-specific configuration. */
    int configGeneration();

    // ── Queues ─────────────────────────────────────────────────────────────

    /** The largest size that the driver may choose; 0 if there is no such queue. */
    int queueSizeMax(int queue);

    /**
     * The size that a queue has or will have. A transport whose size register cannot be read reports what
     * was written last, or the largest.
     */
    int queueSize(int queue);

    /** Chooses a size. */
    void queueSize(int queue, int size);

    /** Says where the three areas of a queue are. */
    void queueAddresses(int queue, long descriptorArea, long driverArea, long deviceArea);

    /** Enables a queue. */
    void enableQueue(int queue);

    /** Whether a queue is enabled. */
    boolean isQueueEnabled(int queue);

    /** Begins to reset a queue; needs RING_RESET. [Virtqueue Reset] */
    void resetQueue(int queue);

    /** Whether the reset of a queue goes on. */
    boolean isQueueResetting(int queue);

    // ── Notifications ──────────────────────────────────────────────────────

    /** Notifies a queue. Any thread. */
    void notifyQueue(int queue);

    /** Notifies a queue with NOTIFICATION_DATA. Any thread. */
    void notifyQueue(NotificationData data);

    /** What stands for the interrupt controller. */
    InterruptProbe interrupts();

    /** Takes the notifications that came since the last call, and acknowledges them. */
    Notifications takeNotifications();

    /**
     * Notifications from the device.
     *
     * @param configurationChanged whether there was a configuration change notification
     * @param usedBuffers bit {@code n % 64} is set if there was a used buffer notification for queue {@code
     *     n}; all bits if the transport cannot tell for which queue
     */
    record Notifications(boolean configurationChanged, long usedBuffers) {

        /** Nothing came. */
        public static final Notifications NONE = new Notifications(false, 0);

        /** Whether the queue may have used buffers. */
        public boolean used(int queue) {
            return (usedBuffers >>> queue & 1) != 0;
        }
    }

    // ── Shared memory ──────────────────────────────────────────────────────

    /** Finds a region that the device shares; {@code null} if it has none of this id. */
    @Nullable SharedMemory sharedMemory(int id);
}
