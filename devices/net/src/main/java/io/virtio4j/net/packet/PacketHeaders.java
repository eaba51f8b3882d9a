// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net.packet;

import io.netty.buffer.ByteBuf;

/**
 * Where the headers of an Ethernet frame are: VLAN tags, IP, TCP or UDP. A mutable record that is used again
 * and again, so that no packet costs an object. Not safe for use by several threads.
 *
 * <p>Every length in the packet is checked against the packet, and nothing outside of it is read. Offsets
 * count from the frame's first byte, whatever the buffer's reader index is.
 */
public final class PacketHeaders {

    /** Bytes of an Ethernet header without tags. */
    public static final int ETHERNET_LENGTH = 14;
    /** Bytes that a VLAN tag adds. */
    public static final int VLAN_LENGTH = 4;
    /** {@link #vlanId()} of a frame without a tag. */
    public static final int NO_VLAN = -1;

    /** {@link #etherType()}: IPv4. */
    public static final int IPV4 = 0x0800;
    /** {@link #etherType()}: IPv6. */
    public static final int IPV6 = 0x86DD;
    /** The type of a VLAN tag (IEEE 802.1Q). */
    public static final int VLAN = 0x8100;
    /** The type of an outer VLAN tag (IEEE 802.1ad). */
    public static final int SERVICE_VLAN = 0x88A8;
    /** The type of an outer VLAN tag before there was a standard. */
    public static final int OLD_SERVICE_VLAN = 0x9100;

    /** Tags that are looked behind, at most. */
    private static final int MOST_TAGS = 4;

    private final IpHeaders ip = new IpHeaders();
    private int etherType;
    private int network;
    private int tags;
    private int vlanId;

    /** Creates a record of nothing. */
    public PacketHeaders() {
        clear();
    }

    private void clear() {
        etherType = 0;
        network = IpHeaders.NONE;
        tags = 0;
        vlanId = NO_VLAN;
        ip.clear();
    }

    /**
     * Reads the headers of a frame.
     *
     * @param packet its readable bytes, which do not change
     * @return whether there is a whole Ethernet header, with its tags
     */
    public boolean parse(ByteBuf packet) {
        return parse(packet, 0, packet.readableBytes());
    }

    /** As {@link #parse(ByteBuf)}, for a frame inside of another one. */
    boolean parse(ByteBuf packet, int at, int limit) {
        clear();
        if (limit - at < ETHERNET_LENGTH) {
            return false;
        }
        int base = packet.readerIndex();
        int next = at + ETHERNET_LENGTH;
        int type = packet.getUnsignedShort(base + next - 2);
        while (isVlan(type) && tags < MOST_TAGS) {
            if (limit - next < VLAN_LENGTH) {
                return false;
            }
            if (tags++ == 0) {
                vlanId = packet.getUnsignedShort(base + next) & 0xFFF;
            }
            next += VLAN_LENGTH;
            type = packet.getUnsignedShort(base + next - 2);
        }
        etherType = type;
        network = next;
        if (type == IPV4 || type == IPV6) {
            boolean whole = ip.parse(packet, next, limit);
            if (whole && ip.version() != (type == IPV4 ? 4 : 6)) {
                ip.clear();
            }
        }
        return true;
    }

    /** Whether a type is that of a VLAN tag. */
    public static boolean isVlan(int type) {
        return type == VLAN || type == SERVICE_VLAN || type == OLD_SERVICE_VLAN;
    }

    /** The type of what the frame carries, behind all tags. */
    public int etherType() {
        return etherType;
    }

    /** Where the bytes that Ethernet carries start, behind all tags. */
    public int networkOffset() {
        return network;
    }

    /** How many VLAN tags there are. */
    public int vlanTags() {
        return tags;
    }

    /** The number in the first VLAN tag, 0 to 4095, or {@link #NO_VLAN}. */
    public int vlanId() {
        return vlanId;
    }

    /** The headers of IP; their version is 0 if there are none. */
    public IpHeaders ip() {
        return ip;
    }
}
