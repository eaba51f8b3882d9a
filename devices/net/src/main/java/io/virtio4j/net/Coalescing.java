// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net;

import io.virtio4j.core.device.DeviceClock;
import io.virtio4j.core.queue.NotificationModeration;
import io.virtio4j.core.queue.VirtQueue;

/** When the driver is notified of the packets of one queue. [Notifications Coalescing] */
final class Coalescing implements NotificationModeration {

    /** Parameters of a queue. */
    record Parameters(long maxPackets, long maxUsecs) {

        static final Parameters NONE = new Parameters(0, 0);

        /** Whether notifications wait: a zero in either means that they do not. */
        boolean isOn() {
            return maxPackets != 0 && maxUsecs != 0;
        }
    }

    private final VirtQueue queue;
    private final DeviceClock clock;
    private final DeviceClock.Alarm alarm;

    private volatile Parameters parameters;
    private volatile boolean stopped;

    // Of the queue's owner: what happened since the last notification was due.
    private long packets;
    private long since;

    Coalescing(VirtQueue queue, DeviceClock clock, Parameters parameters) {
        this.queue = queue;
        this.clock = clock;
        this.parameters = parameters;
        this.alarm = new DeviceClock.Alarm() {
            @Override
            public void ring() {
                queue.wake();
            }
        };
    }

    /** The queue was stopped: no clock keeps it for the hour that a driver may have asked for. */
    void stop() {
        stopped = true;
        clock.set(alarm, clock.nanoTime());
    }

    Parameters parameters() {
        return parameters;
    }

    /** Any thread. > the device needs to check if the new notification conditions are met */
    void change(Parameters newParameters) {
        parameters = newParameters;
        queue.wake();
    }

    /** A packet was received or sent. */
    void packet() {
        packets++;
        Parameters now = parameters;
        if (packets == 1 && now.isOn() && !stopped) {
            // > it starts counting microseconds and packets upon receiving/sending a packet. [Operation]
            since = clock.nanoTime();
            clock.set(alarm, since + nanos(now));
        }
    }

    private static long nanos(Parameters parameters) {
        return parameters.maxUsecs * 1000;
    }

    @Override
    public boolean isDue() {
        Parameters now = parameters;
        if (packets == 0 || !now.isOn()) {
            packets = 0;
            return true;
        }
        // A driver that does not look at a whole queue of used buffers is not going to before it is notified.
        if (packets >= Math.min(now.maxPackets, queue.size()) || clock.nanoTime() - since >= nanos(now)) {
            packets = 0;
            return true;
        }
        if (alarm.time() != since + nanos(now)) {
            clock.set(alarm, since + nanos(now));
        }
        return false;
    }
}
