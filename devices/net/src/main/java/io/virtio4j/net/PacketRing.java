// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.virtio4j.net.packet.NetHeader;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Packets on their way to one receive queue: any thread puts them in, the queue's owner takes them out. Holds
 * as many as it was made for, and waits for nobody.
 *
 * <p>Each place has a number that says whose turn it is: its position when it is empty, one more when it is
 * full.
 */
final class PacketRing {

    private final int mask;
    private final AtomicLongArray turns;
    private final ByteBuf[] packets;
    private final NetHeader[] headers;
    private final int[] hashValues;
    private final int[] hashReports;

    private final AtomicLong tail = new AtomicLong();
    private long head;

    /** Creates an empty ring; the capacity is a power of two. */
    PacketRing(int capacity) {
        mask = capacity - 1;
        turns = new AtomicLongArray(capacity);
        packets = new ByteBuf[capacity];
        headers = new NetHeader[capacity];
        hashValues = new int[capacity];
        hashReports = new int[capacity];
        Arrays.fill(packets, Unpooled.EMPTY_BUFFER);
        for (int i = 0; i < capacity; i++) {
            turns.set(i, i);
            headers[i] = new NetHeader();
        }
    }

    /** Puts a packet in, and a copy of its header; false if the ring is full. */
    boolean offer(ByteBuf packet, NetHeader header, int hashValue, int hashReport) {
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
                hashValues[place] = hashValue;
                hashReports[place] = hashReport;
                turns.setRelease(place, position + 1);
                return true;
            }
        }
    }

    // ── For the owner ──────────────────────────────────────────────────────

    private int first() {
        return (int) head & mask;
    }

    boolean isEmpty() {
        return turns.getAcquire(first()) != head + 1;
    }

    /** The first packet; the ring is not empty. */
    ByteBuf packet() {
        return packets[first()];
    }

    /** What is left to do for it; may be changed. */
    NetHeader header() {
        return headers[first()];
    }

    int hashValue() {
        return hashValues[first()];
    }

    int hashReport() {
        return hashReports[first()];
    }

    /** Takes the first packet out and releases it. */
    void remove() {
        int place = first();
        ByteBuf packet = packets[place];
        packets[place] = Unpooled.EMPTY_BUFFER;
        turns.setRelease(place, head + mask + 1);
        head++;
        packet.release();
    }
}
