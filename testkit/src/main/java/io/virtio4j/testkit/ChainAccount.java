// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit;

import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.testkit.RawQueue.Raw;
import io.virtio4j.testkit.RawQueue.Used;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;

/**
 * What a driver that keeps its rings whole may expect of a queue, whatever is in its chains: each comes back
 * once, with no more bytes than it had room for.
 */
final class ChainAccount {

    private static final long UNKNOWN = Long.MAX_VALUE;

    private final RawQueue queue;
    private final Deque<Placed> placed = new ArrayDeque<>(); // in ring order, with those that came back
    private final Map<Integer, Placed> inFlight = new HashMap<>();
    private int slotsTaken;

    private static final class Placed {

        final int slots;
        final long room;
        boolean isBack;

        Placed(int slots, long room) {
            this.slots = slots;
            this.room = room;
        }
    }

    ChainAccount(RawQueue queue) {
        this.queue = queue;
    }

    RawQueue queue() {
        return queue;
    }

    boolean hasRoom(int slots) {
        return slotsTaken + slots <= queue.size();
    }

    boolean isEmpty() {
        return inFlight.isEmpty();
    }

    /** Makes a chain available. */
    void chain(Raw... raws) {
        long room = 0;
        boolean linked = true;
        for (int i = 0; i < raws.length; i++) {
            boolean table = (raws[i].flags() & RawQueue.INDIRECT) != 0;
            linked &= !table && ((raws[i].flags() & RawQueue.NEXT) != 0) == (i < raws.length - 1);
            room += (raws[i].flags() & RawQueue.WRITE) != 0 ? raws[i].length() & 0xFFFF_FFFFL : 0;
        }
        Placed chain = new Placed(raws.length, linked ? room : UNKNOWN);
        placed.add(chain);
        slotsTaken += raws.length;
        inFlight.put(queue.chain(raws), chain);
    }

    /**
     * Takes what came back.
     *
     * @throws AssertionError if that cannot be
     */
    void collect() {
        for (Used used : queue.takeUsed()) {
            Placed chain = inFlight.remove(used.id());
            if (chain == null) {
                throw new AssertionError("device used a buffer that is not in flight: queue="
                        + queue.index() + " id=" + used.id());
            }
            if (used.length() > chain.room) {
                throw new AssertionError("device reports more than it could write: queue="
                        + queue.index() + " id=" + used.id() + " length=" + used.length() + " room="
                        + chain.room);
            }
            chain.isBack = true;
        }
        while (!placed.isEmpty() && placed.getFirst().isBack) {
            slotsTaken -= placed.removeFirst().slots;
        }
    }

    /** Whether flags like these, in the ring, leave it unclear where a chain ends. */
    static boolean isUnclear(RingFormat format, int flags, boolean last) {
        boolean next = (flags & RawQueue.NEXT) != 0;
        return format == RingFormat.PACKED
                && (next == last || next && (flags & RawQueue.INDIRECT) != 0);
    }

    @Override
    public String toString() {
        return "queue=" + queue.index() + " inFlight=" + inFlight.keySet();
    }
}
