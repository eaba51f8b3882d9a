// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net;

import io.netty.buffer.ByteBuf;
import io.virtio4j.net.packet.IpHeaders;
import io.virtio4j.net.packet.PacketHeaders;
import java.util.concurrent.atomic.AtomicIntegerArray;

/**
 * Which queue pair a flow was transmitted on last. Flows that share a place in the table share a queue.
 * Written and read by any thread. [Automatic receive steering in multiqueue mode]
 */
final class FlowTable {

    private static final int SIZE = 1024;
    private static final int MIX = 0x9E37_79B9;

    /** The pair of the flow at a place, plus one; 0 if there was none. */
    private final AtomicIntegerArray pairs = new AtomicIntegerArray(SIZE);

    /** A number that a packet of a flow and the answers to it have in common. */
    static int flow(ByteBuf packet, PacketHeaders headers) {
        IpHeaders ip = headers.ip();
        int base = packet.readerIndex();
        if (ip.version() == 0) {
            return mix(fold(packet, base, MacAddress.LENGTH) + fold(packet, base + 6, MacAddress.LENGTH));
        }
        int length = ip.addressLength();
        int flow = fold(packet, base + ip.sourceOffset(), length)
                + fold(packet, base + ip.destinationOffset(), length) + ip.protocol();
        if (ip.transportOffset() != IpHeaders.NONE) {
            int ports = base + ip.transportOffset();
            flow += MIX * packet.getUnsignedShort(ports) + MIX * packet.getUnsignedShort(ports + 2);
        }
        return mix(flow);
    }

    /** Neighboring flows become distant numbers. */
    private static int mix(int flow) {
        int mixed = (flow ^ flow >>> 16) * 0x85EB_CA6B;
        mixed = (mixed ^ mixed >>> 13) * 0xC2B2_AE35;
        return mixed ^ mixed >>> 16;
    }

    private static int fold(ByteBuf packet, int at, int length) {
        int sum = 0;
        for (int i = 0; i < length; i += 2) {
            sum = (sum + packet.getUnsignedShort(at + i)) * MIX;
        }
        return sum;
    }

    private static int place(int flow) {
        return flow & SIZE - 1;
    }

    void learn(int flow, int pair) {
        pairs.setOpaque(place(flow), pair + 1);
    }

    /** The pair of a flow, or -1. */
    int pair(int flow) {
        return pairs.getOpaque(place(flow)) - 1;
    }

    void clear() {
        for (int i = 0; i < SIZE; i++) {
            pairs.setOpaque(i, 0);
        }
    }
}
