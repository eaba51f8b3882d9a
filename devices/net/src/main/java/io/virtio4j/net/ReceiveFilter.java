// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net;

import io.netty.buffer.ByteBuf;
import io.virtio4j.net.packet.PacketHeaders;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Which packets the driver wants. Immutable, so that any thread can ask while the driver changes its mind.
 * [Packet Receive Filtering], [Setting MAC Address Filtering], [VLAN Filtering]
 */
final class ReceiveFilter {

    /** Lets everything through: for drivers that cannot say what they want. */
    static final ReceiveFilter OPEN = new ReceiveFilter(
            true, false, false, false, false, false, 0, new long[0], new long[0], null);

    private static final int TYPE_AT = 12;
    private static final int TAG_AT = 14;
    private static final int TAGGED_LENGTH = 18;

    private final boolean promiscuous;
    private final boolean allMulticast;
    private final boolean allUnicast;
    private final boolean noMulticast;
    private final boolean noUnicast;
    private final boolean noBroadcast;
    private final long mac;
    private final long[] unicast; // sorted
    private final long[] multicast; // sorted
    private final long @Nullable [] vlans; // a bit for each; null lets all through

    ReceiveFilter(
            boolean promiscuous, boolean allMulticast, boolean allUnicast, boolean noMulticast,
            boolean noUnicast, boolean noBroadcast, long mac, long[] unicast, long[] multicast,
            long @Nullable [] vlans) {
        this.promiscuous = promiscuous;
        this.allMulticast = allMulticast;
        this.allUnicast = allUnicast;
        this.noMulticast = noMulticast;
        this.noUnicast = noUnicast;
        this.noBroadcast = noBroadcast;
        this.mac = mac;
        this.unicast = sorted(unicast);
        this.multicast = sorted(multicast);
        this.vlans = vlans == null ? null : vlans.clone();
    }

    private static long[] sorted(long[] values) {
        long[] copy = values.clone();
        Arrays.sort(copy);
        return copy;
    }

    /** Whether a packet goes to the driver; it has at least an Ethernet header. */
    boolean accepts(ByteBuf packet) {
        // > If promiscuous mode is on, the device SHOULD receive all incoming packets. This SHOULD take
        // > effect even if one of the other modes [...] is on. [Packet Receive Filtering]
        return promiscuous || acceptsAddress(MacAddress.read(packet, packet.readerIndex()))
                && acceptsVlan(packet);
    }

    private boolean acceptsAddress(long destination) {
        if (destination == MacAddress.BROADCAST.value()) {
            return !noBroadcast;
        }
        if (MacAddress.isGroup(destination)) {
            return !noMulticast && (allMulticast || Arrays.binarySearch(multicast, destination) >= 0);
        }
        return !noUnicast
                && (allUnicast || destination == mac || Arrays.binarySearch(unicast, destination) >= 0);
    }

    private boolean acceptsVlan(ByteBuf packet) {
        if (vlans == null || packet.readableBytes() < TAGGED_LENGTH
                || !PacketHeaders.isVlan(packet.getUnsignedShort(packet.readerIndex() + TYPE_AT))) {
            return true;
        }
        int id = packet.getUnsignedShort(packet.readerIndex() + TAG_AT) & 0xFFF;
        // A tag of number 0 has a priority and no VLAN.
        return id == 0 || (vlans[id >>> 6] >>> (id & 63) & 1) != 0;
    }
}
