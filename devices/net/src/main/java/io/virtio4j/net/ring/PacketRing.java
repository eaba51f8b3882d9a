// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net.ring;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.virtio4j.net.packet.NetHeader;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Packets in a row: any thread puts them in, one at a time takes them out. Holds as many as it was made for,
 * without a lock and without an object per packet, and waits for nobody.
 *
 * <p>Each place has a number that says whose turn it is: its position when it is empty, one more when it is
 * full.
 */
public final class PacketRing {

    private final int mask;
    private final AtomicLongArray turns;
    private final ByteBuf[] packets;
    private final NetHeader[] headers;
    private final long[] labels;

    private final AtomicLong tail = new AtomicLong();
    private long head;

    /**
     * Creates an empty ring.
     *
     * @param capacity in packets; a power of two
     */
    public PacketRing(int capacity) {
        if (Integer.bitCount(capacity) != 1) {
            throw new IllegalArgumentException("a number of packets is a power of two: packets=" + capacity);
        }
        mask = capacity - 1;
        turns = new AtomicLongArray(capacity);
        packets = new ByteBuf[capacity];
        headers = new NetHeader[capacity];
        labels = new long[capacity];
        Arrays.fill(packets, Unpooled.EMPTY_BUFFER);
        for (int i = 0; i < capacity; i++) {
            turns.set(i, i);
            headers[i] = new NetHeader();
        }
    }

    // ── Any thread ─────────────────────────────────────────────────────────

    /**
     * Puts a packet at the end, with a copy of its header.
     *
     * @param packet goes to whoever takes it out, if it was put in
     * @param label what is to be known of it besides
     * @return false if the ring is full
     */
    public boolean offer(ByteBuf packet, NetHeader header, long label) {
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
                labels[place] = label;
                turns.setRelease(place, position + 1);
                return true;
            }
        }
    }

    /** Whether there is no room. */
    public boolean isFull() {
        long position = tail.get();
        return turns.getAcquire((int) position & mask) < position;
    }

    // ── For who takes out ──────────────────────────────────────────────────

    private int first() {
        return (int) head & mask;
    }

    /** Whether there is no packet. The methods below are for when there is one. */
    public boolean isEmpty() {
        return turns.getAcquire(first()) != head + 1;
    }

    /** The first packet. */
    public ByteBuf packet() {
        return packets[first()];
    }

    /** What is left to do for it; may be changed. */
    public NetHeader header() {
        return headers[first()];
    }

    /** Its label. */
    public long label() {
        return labels[first()];
    }

    /** Takes the first packet out; it belongs to the caller. */
    public ByteBuf remove() {
        int place = first();
        ByteBuf packet = packets[place];
        packets[place] = Unpooled.EMPTY_BUFFER;
        turns.setRelease(place, head + mask + 1);
        head++;
        return packet;
    }
}
