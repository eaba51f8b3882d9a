// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.vhostuser;

import io.virtio4j.core.queue.QueueConfig;
import io.virtio4j.core.queue.QueueState;
import io.virtio4j.host.linux.EventFd;
import io.virtio4j.host.linux.Poller;
import org.jspecify.annotations.Nullable;

/** What the front-end said about one ring. For the thread of the connection. [Ring states] */
final class Vring {

    final int index;
    private final int largest;

    /** How many entries. */
    int size;

    // User addresses.
    boolean hasAddresses;
    long descriptor;
    long available;
    long used;

    /** Where writes to the used ring are logged too, if {@code VHOST_VRING_F_LOG} is set. */
    boolean logged;
    long logAddress;

    /** Where to begin: split, the available index; packed, both indices and wrap counters. */
    int base;
    boolean hasBase;

    /** Chains in work that go with {@link #base}, since the ring was stopped. */
    @Nullable QueueState kept;

    /** What {@link #base} was when the ring was stopped last. */
    int left;
    boolean hasLeft;

    /** Whether its chains in work are tracked in shared memory. */
    boolean tracked;

    boolean enabled;

    /** Whether the front-end said how it kicks; the ring may run. */
    boolean started;

    /** Whether the device works on it. */
    boolean running;

    /** {@code null}: the ring is polled. */
    @Nullable EventFd kick;
    Poller.@Nullable Registration watched;

    // What the device was told where the ring is.
    long guestDescriptor;
    long guestAvailable;
    long guestUsed;

    /** Chains served when it was last looked, for polling. */
    long seen;

    Vring(int index, int largest) {
        this.index = index;
        this.largest = largest;
        this.size = largest;
    }

    boolean isPolled() {
        return running && kick == null;
    }

    void program(QueueConfig config) {
        config.size(size);
        // The front-end chose the size, and the driver goes by the device's limits: Linux fills segments of a
        // request up to them, and would take a chain that was refused for one that was served.
        config.longestChain(config.maxSize());
        config.descriptorArea(guestDescriptor);
        config.driverArea(guestAvailable);
        config.deviceArea(guestUsed);
    }

    /** The front-end kicks in another way from now on, or not at all. */
    void kick(@Nullable EventFd event) {
        if (watched != null) {
            watched.close();
            watched = null;
        }
        if (kick != null) {
            kick.close();
        }
        kick = event;
    }

    /** Back to the beginning; what it signals with stays, and where it was stopped last. */
    void reset() {
        kick(null);
        size = largest;
        hasAddresses = false;
        logged = false;
        base = 0;
        hasBase = false;
        kept = null;
        tracked = false;
        enabled = false;
        started = false;
        running = false;
    }
}
