// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net.backend;

import io.netty.buffer.ByteBuf;
import io.virtio4j.net.packet.NetHeader;
import io.virtio4j.net.ring.PacketRing;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Packets in a row on their way to one receiver. Any thread puts packets in; one at a time delivers, in
 * order.
 */
final class Lane {

    /** Where packets go. */
    interface Receiver {
        /**
         * Called by one thread at a time.
         *
         * @return whether it took the packet, and owns it; if not, {@link Lane#deliver} is to be called
         *     again when it will
         */
        boolean take(int pair, ByteBuf packet, NetHeader header);

        /** There are no more, or it refused one. */
        default void pause() {}
    }

    private static final Logger LOG = LoggerFactory.getLogger(Lane.class);

    private final PacketRing ring;
    private final Receiver receiver;
    /** Calls of {@link #deliver} that were not followed up; who makes the first does the work. */
    private final AtomicInteger calls = new AtomicInteger();
    private volatile boolean closed;
    private boolean complained;

    /**
     * Creates an empty one.
     *
     * @param capacity in packets; a power of two
     */
    Lane(int capacity, Receiver receiver) {
        this.ring = new PacketRing(capacity);
        this.receiver = receiver;
    }

    /**
     * Puts a packet at the end, with a copy of its header. Call {@link #deliver} afterwards.
     *
     * @param packet belongs to the lane if it was taken
     * @return false if the lane is full
     */
    boolean put(int pair, ByteBuf packet, NetHeader header) {
        return ring.offer(packet, header, pair);
    }

    /** Whether there is no room. */
    boolean isFull() {
        return ring.isFull();
    }

    /**
     * Gives packets to the receiver until there are no more or it refuses one. If another thread, or a
     * caller of this one, is at it already, that one goes on.
     */
    void deliver() {
        int seen = calls.getAndIncrement() == 0 ? 1 : 0;
        while (seen != 0) {
            while (deliverFirst()) {
                // the next
            }
            receiver.pause();
            seen = calls.addAndGet(-seen);
        }
    }

    /** Whether there is a packet, for the thread that delivers. */
    boolean hasFirst() {
        return !ring.isEmpty();
    }

    private boolean deliverFirst() {
        if (ring.isEmpty() || !take((int) ring.label(), ring.packet(), ring.header())) {
            return false;
        }
        ring.remove();
        return true;
    }

    private boolean take(int pair, ByteBuf packet, NetHeader header) {
        if (closed) {
            packet.release();
            return true;
        }
        try {
            return receiver.take(pair, packet, header);
        } catch (RuntimeException broken) {
            // Whoever owns the packet now, the others behind it must not wait for ever.
            if (!complained) {
                complained = true;
                LOG.error("a packet was lost, and further ones without a word", broken);
            }
            return true;
        }
    }

    /** Releases what is in it, now and later. */
    void close() {
        closed = true;
        deliver();
    }
}
