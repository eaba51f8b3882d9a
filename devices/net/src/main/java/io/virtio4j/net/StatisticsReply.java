// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net;

import io.virtio4j.core.device.CounterTable;
import io.virtio4j.core.device.FeatureSet;
import io.virtio4j.core.queue.ChainReader;
import io.virtio4j.core.queue.ChainWriter;
import io.virtio4j.core.queue.QueueCounters;
import org.jspecify.annotations.Nullable;

/** Answers the commands of class STATS. [Device Statistics] */
final class StatisticsReply {

    // command
    private static final int QUERY = 0;
    private static final int GET = 1;

    // types_bitmap; the number of the bit is the type of the reply
    private static final int RX_BASIC = 0;
    private static final int RX_CSUM = 1;
    private static final int RX_GSO = 2;
    private static final int RX_SPEED = 3;
    private static final int TX_BASIC = 16;
    private static final int TX_CSUM = 17;
    private static final int TX_GSO = 18;
    private static final int TX_SPEED = 19;
    private static final int CVQ = 32;

    private static final int[] RX = {RX_BASIC, RX_CSUM, RX_GSO, RX_SPEED};
    private static final int[] TX = {TX_BASIC, TX_CSUM, TX_GSO, TX_SPEED};
    private static final int[] CONTROL = {CVQ};

    private static final int HEADER = 8;
    private static final int ENTRY = 16;

    /** Each queue may be asked for so many times in one command; a driver has no reason to, and time is. */
    private static final int MOST_PER_QUEUE = 4;

    private final NetDevice device;
    private final FeatureSet negotiated;
    private final CounterTable<NetCounter> counters;

    StatisticsReply(NetDevice device) {
        this.device = device;
        this.negotiated = device.negotiated();
        this.counters = device.counts();
    }

    boolean answer(int command, ChainReader in, ChainWriter out) {
        if (command == QUERY) {
            long supported = 0;
            for (int[] types : new int[][] {RX, TX, CONTROL}) {
                for (int type : types) {
                    supported |= 1L << type;
                }
            }
            out.writeLe64(supported);
            return true;
        }
        return command == GET && get(in, out);
    }

    private boolean get(ChainReader in, ChainWriter out) {
        long start = in.position();
        long entries = in.remaining() / ENTRY;
        if (entries * ENTRY != in.remaining() || entries > (long) MOST_PER_QUEUE * device.queuesInUse()) {
            return false;
        }
        // > Even if there is only one error, the device MUST fail the entire command. [Device Statistics]
        for (long i = 0; i < entries; i++) {
            int queue = in.readLe16();
            in.skip(6); // reserved
            if (!isValid(queue, in.readLe64())) {
                return false;
            }
        }
        in.seek(start);
        for (long i = 0; i < entries; i++) {
            int queue = in.readLe16();
            in.skip(6);
            if (!reply(queue, in.readLe64(), out)) {
                return true; // > fill up only upto the valid bytes [Device Statistics]
            }
        }
        return true;
    }

    private int[] types(int queue) {
        return queue == device.controlIndex() ? CONTROL : queue % 2 == 0 ? RX : TX;
    }

    private boolean isValid(int queue, long bitmap) {
        if (queue >= device.queuesInUse()) {
            return false;
        }
        long valid = 0;
        for (int type : types(queue)) {
            valid |= isNegotiated(type) ? 1L << type : 0;
        }
        return (bitmap & ~valid) == 0;
    }

    /** > The feature corresponding to the specified types_bitmap [Device Statistics] */
    private boolean isNegotiated(int type) {
        return switch (type) {
            case RX_CSUM -> negotiated.has(NetFeature.GUEST_CSUM);
            case TX_CSUM -> negotiated.has(NetFeature.CSUM);
            case RX_GSO -> negotiated.has(NetFeature.GUEST_TSO4) || negotiated.has(NetFeature.GUEST_TSO6);
            case TX_GSO -> negotiated.has(NetFeature.HOST_TSO4) || negotiated.has(NetFeature.HOST_TSO6)
                    || negotiated.has(NetFeature.HOST_USO);
            default -> true;
        };
    }

    /** Writes the replies for a queue; false if there was no room for one of them. */
    private boolean reply(int queue, long bitmap, ChainWriter out) {
        for (int type : types(queue)) {
            if ((bitmap >>> type & 1) != 0 && !reply(queue, type, out)) {
                return false;
            }
        }
        return true;
    }

    private boolean reply(int queue, int type, ChainWriter out) {
        QueueCounters ring = device.ringCounters(queue);
        int pair = queue / 2;
        return switch (type) {
            case RX_BASIC -> write(out, queue, type, notifications(ring),
                    at(pair, NetCounter.RX_PACKETS), at(pair, NetCounter.RX_BYTES), interrupts(ring),
                    at(pair, NetCounter.RX_DROPS), at(pair, NetCounter.RX_DROP_OVERRUNS));
            case RX_CSUM -> write(out, queue, type, at(pair, NetCounter.RX_CSUM_VALID),
                    at(pair, NetCounter.RX_NEEDS_CSUM), at(pair, NetCounter.RX_CSUM_NONE), 0);
            // This device coalesces nothing by itself.
            case RX_GSO -> write(out, queue, type, at(pair, NetCounter.RX_GSO_PACKETS),
                    at(pair, NetCounter.RX_GSO_BYTES), 0, 0);
            case TX_BASIC -> write(out, queue, type, notifications(ring),
                    at(pair, NetCounter.TX_PACKETS), at(pair, NetCounter.TX_BYTES), interrupts(ring),
                    at(pair, NetCounter.TX_DROPS), at(pair, NetCounter.TX_DROP_MALFORMED));
            case TX_CSUM -> write(out, queue, type, at(pair, NetCounter.TX_CSUM_NONE),
                    at(pair, NetCounter.TX_NEEDS_CSUM));
            case TX_GSO -> write(out, queue, type, at(pair, NetCounter.TX_GSO_PACKETS),
                    at(pair, NetCounter.TX_GSO_BYTES), at(pair, NetCounter.TX_GSO_SEGMENTS),
                    at(pair, NetCounter.TX_GSO_SEGMENTS_BYTES), at(pair, NetCounter.TX_GSO_PACKETS_NOSEG),
                    at(pair, NetCounter.TX_GSO_BYTES_NOSEG));
            // No packet is dropped because the link were slow.
            case RX_SPEED, TX_SPEED -> write(out, queue, type, 0, 0);
            // > including the current command [Controlq Statistics]: it is going to be answered OK
            default -> write(out, queue, CVQ, counters.get(NetCounter.COMMANDS),
                    counters.get(NetCounter.COMMANDS_OK) + 1);
        };
    }

    private static long notifications(@Nullable QueueCounters ring) {
        return ring == null ? 0 : ring.notifications();
    }

    private static long interrupts(@Nullable QueueCounters ring) {
        return ring == null ? 0 : ring.interrupts();
    }

    private long at(int pair, NetCounter counter) {
        return counters.get(counter, pair);
    }

    /** > MUST set the actual size of the bytes occupied by the reply [Device Statistics] */
    private static boolean write(ChainWriter out, int queue, int type, long... values) {
        int size = HEADER + 8 * values.length;
        if (out.remaining() < size) {
            return false;
        }
        out.writeU8(type);
        out.writeU8(0);
        out.writeLe16(queue);
        out.writeLe16(0);
        out.writeLe16(size);
        for (long value : values) {
            out.writeLe64(value);
        }
        return true;
    }
}
