// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net.backend;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.virtio4j.net.packet.NetHeader;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Packets in a row on their way to one receiver. Any thread puts packets in; one at a time delivers, in
 * order. Bounded, without a lock, and without an object per packet.
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

    private final int mask;
    /** Whose turn a place is: its position if it is empty, one more if it is full. */
    private final AtomicLongArray turns;
    private final ByteBuf[] packets;
    private final NetHeader[] headers;
    private final int[] pairs;
    private final AtomicLong tail = new AtomicLong();
    private long head;

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
        if (Integer.bitCount(capacity) != 1) {
            throw new IllegalArgumentException("a number of packets is a power of two: packets=" + capacity);
        }
        this.receiver = receiver;
        mask = capacity - 1;
        turns = new AtomicLongArray(capacity);
        packets = new ByteBuf[capacity];
        headers = new NetHeader[capacity];
        pairs = new int[capacity];
        Arrays.fill(packets, Unpooled.EMPTY_BUFFER);
        for (int i = 0; i < capacity; i++) {
            turns.set(i, i);
            headers[i] = new NetHeader();
        }
    }

    /**
     * Puts a packet at the end, with a copy of its header. Call {@link #deliver} afterwards.
     *
     * @param packet belongs to the lane if it was taken
     * @return false if the lane is full
     */
    boolean put(int pair, ByteBuf packet, NetHeader header) {
        while (true) {
            long position = tail.get();
            int place = (int) position & mask;
            long ahead = turns.getAcquire(place) - position;
            if (ahead < 0) {
                return false;
            }
            if (ahead == 0 && tail.compareAndSet(position, position + 1)) {
                packets[place] = packet;
                headers[place].set(header);
                pairs[place] = pair;
                turns.setRelease(place, position + 1);
                return true;
            }
        }
    }

    /** Whether there is no room. */
    boolean isFull() {
        long position = tail.get();
        return turns.getAcquire((int) position & mask) < position;
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
        return turns.getAcquire((int) head & mask) == head + 1;
    }

    private boolean deliverFirst() {
        if (!hasFirst()) {
            return false;
        }
        int place = (int) head & mask;
        if (!take(pairs[place], packets[place], headers[place])) {
            return false;
        }
        packets[place] = Unpooled.EMPTY_BUFFER;
        turns.setRelease(place, head + mask + 1);
        head++;
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
