// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.queue;

import io.virtio4j.core.fault.RingFault;
import io.virtio4j.core.memory.GuestMemory;
import io.virtio4j.core.memory.MemoryMap;
import org.jspecify.annotations.Nullable;

/**
 * Whether a ring is in memory, which may change under it.
 *
 * <p>A ring that is gone is a fault once the driver wants something. Until then the queue has no business
 * there and waits: a machine that changes its memory map may take a region away and bring it back at once,
 * and a turn that nobody asked for may come in between.
 */
final class RingPresence {

    private final Ring ring;
    private final GuestMemory memory;
    private final Runnable onMoved;
    private final Runnable wake;

    /** The memory that the ring was last found in. */
    private volatile MemoryMap found;

    /** The driver has notified while its ring was not in memory. */
    private volatile boolean astray;

    /** The memory without the ring that this waits for the end of. For the queue's owner. */
    private @Nullable MemoryMap awaited;

    /**
     * Begins with a ring that is in memory.
     *
     * @param map where it is
     * @param onMoved called by the owner when memory is another
     * @param wake called by any thread when memory may hold the ring again
     */
    RingPresence(Ring ring, GuestMemory memory, MemoryMap map, Runnable onMoved, Runnable wake) {
        this.ring = ring;
        this.memory = memory;
        this.found = map;
        this.onMoved = onMoved;
        this.wake = wake;
    }

    /**
     * Looks for the ring, if memory has changed. For the owner.
     *
     * @param map pinned
     * @param isBusy whether chains are in work: a driver that takes their memory away is at fault
     * @return false if the ring is gone, and nobody wants it
     * @throws RingFault if it is gone and wanted, or cannot be used where it is
     */
    boolean isIn(MemoryMap map, boolean isBusy) {
        try {
            if (ring.use(map)) {
                onMoved.run();
                found = map;
                astray = false;
            }
            return true;
        } catch (RingFault e) {
            if (astray || isBusy || ring.isIn(map)) {
                throw e;
            }
            if (awaited != map) {
                awaited = map;
                memory.whenReplaced(map, wake);
            }
            return false;
        }
    }

    /** The driver wants the ring to be looked at. Any thread, in the order of its accesses. */
    void notified() {
        if (found != memory.current() && !isInMemory()) {
            astray = true;
        }
    }

    private boolean isInMemory() {
        MemoryMap map = memory.pin();
        try {
            return ring.isIn(map);
        } finally {
            map.unpin();
        }
    }
}
