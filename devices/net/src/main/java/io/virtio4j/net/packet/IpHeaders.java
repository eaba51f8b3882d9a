// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net.packet;

import io.netty.buffer.ByteBuf;

/**
 * Where the headers of IP and of what it carries are in a packet. A mutable record that is used again and
 * again. Every length in the packet is checked against the packet, and nothing outside of it is read.
 *
 * <p>Offsets count from the packet's first byte, whatever the buffer's reader index is.
 */
public final class IpHeaders {

    /** An offset of something that is not there. */
    public static final int NONE = -1;

    /** {@link #protocol()}: TCP. */
    public static final int TCP = 6;
    /** {@link #protocol()}: UDP. */
    public static final int UDP = 17;
    /** {@link #protocol()}: IPv4 in IP. */
    public static final int IPV4 = 4;
    /** {@link #protocol()}: Generic Routing Encapsulation. */
    public static final int GRE = 47;

    /** Bytes of an IPv6 header. */
    static final int IPV6_LENGTH = 40;
    /** Bytes of an IPv4 header without options. */
    static final int IPV4_LENGTH = 20;
    /** Bytes of a TCP header without options. */
    static final int TCP_LENGTH = 20;
    /** Bytes of a UDP header. */
    static final int UDP_LENGTH = 8;

    private static final int HOP_BY_HOP = 0;
    private static final int ROUTING = 43;
    private static final int FRAGMENT = 44;
    private static final int DESTINATION_OPTIONS = 60;
    private static final int MOBILITY = 135;
    private static final int HOST_IDENTITY = 139;
    private static final int SHIM6 = 140;

    /** Extension headers that are looked at, at most. */
    private static final int MOST_EXTENSIONS = 16;
    private static final int HOME_ADDRESS = 0xC9;
    private static final int SEGMENT_ROUTING = 4;
    private static final int ADDRESS = 16;

    private int version;
    private int offset;
    private int protocol;
    private int payload;
    private int end;
    private int transport;
    private int transportLength;
    private boolean fragment;
    private boolean extensions;
    private int fragmentHeader;
    private int fragmentHeaderType;
    private int homeAddress;
    private int routingAddress;
    private int finalDestination;

    /** Creates a record of nothing. */
    public IpHeaders() {
        clear();
    }

    void clear() {
        version = 0;
        offset = NONE;
        protocol = NONE;
        payload = NONE;
        end = 0;
        transport = NONE;
        transportLength = 0;
        fragment = false;
        extensions = false;
        fragmentHeader = NONE;
        fragmentHeaderType = NONE;
        homeAddress = NONE;
        routingAddress = NONE;
        finalDestination = NONE;
    }

    /**
     * Reads the headers that start at an offset. The version is what the first byte says.
     *
     * @param packet its readable bytes
     * @param at where the header of IP starts
     * @param limit where the bytes end that may belong to it; at most the packet's length
     * @return whether there is a whole header of IP
     */
    public boolean parse(ByteBuf packet, int at, int limit) {
        clear();
        if (at < 0 || limit > packet.readableBytes() || limit - at < IPV4_LENGTH) {
            return false;
        }
        int base = packet.readerIndex();
        boolean whole = switch (packet.getUnsignedByte(base + at) >>> 4) {
            case 4 -> parseIpv4(packet, base, at, limit);
            case 6 -> parseIpv6(packet, base, at, limit);
            default -> false;
        };
        if (whole) {
            findTransport(packet, base, limit);
        }
        return whole;
    }

    private boolean parseIpv4(ByteBuf packet, int base, int at, int limit) {
        int length = (packet.getUnsignedByte(base + at) & 0xF) * 4;
        if (length < IPV4_LENGTH || length > limit - at) {
            return false;
        }
        version = 4;
        offset = at;
        payload = at + length;
        finalDestination = at + 16;
        protocol = packet.getUnsignedByte(base + at + 9);
        // More fragments, or not the first.
        fragment = (packet.getUnsignedShort(base + at + 6) & 0x3FFF) != 0;
        int total = packet.getUnsignedShort(base + at + 2);
        end = total < length || total > limit - at ? limit : at + total;
        return true;
    }

    private boolean parseIpv6(ByteBuf packet, int base, int at, int limit) {
        if (limit - at < IPV6_LENGTH) {
            return false;
        }
        version = 6;
        offset = at;
        int carried = packet.getUnsignedShort(base + at + 4);
        // 0 is for what is too long for the field.
        end = carried == 0 || carried > limit - at - IPV6_LENGTH ? limit : at + IPV6_LENGTH + carried;
        payload = at + IPV6_LENGTH;
        fragmentHeader = payload;
        fragmentHeaderType = at + 6;
        finalDestination = at + 24;
        protocol = packet.getUnsignedByte(base + at + 6);
        for (int i = 0; i < MOST_EXTENSIONS && isExtension(protocol); i++) {
            extensions = true;
            if (!skipExtension(packet, base, limit)) {
                protocol = NONE;
                return true;
            }
        }
        return true;
    }

    private static boolean isExtension(int header) {
        return switch (header) {
            case HOP_BY_HOP, ROUTING, FRAGMENT, DESTINATION_OPTIONS, MOBILITY, HOST_IDENTITY, SHIM6 -> true;
            default -> false;
        };
    }

    private boolean skipExtension(ByteBuf packet, int base, int limit) {
        int at = payload;
        if (limit - at < 8) {
            return false;
        }
        int length = protocol == FRAGMENT ? 8 : 8 + 8 * packet.getUnsignedByte(base + at + 1);
        if (length > limit - at) {
            return false;
        }
        switch (protocol) {
            // More fragments, or not the first.
            case FRAGMENT -> fragment |= (packet.getUnsignedShort(base + at + 2) & 0xFFF9) != 0;
            case ROUTING -> findRoutingAddress(packet, base, at, length);
            case DESTINATION_OPTIONS -> findHomeAddress(packet, base, at, length);
            default -> { }
        }
        boolean beforeFragment = protocol == HOP_BY_HOP || protocol == ROUTING;
        protocol = packet.getUnsignedByte(base + at);
        payload = at + length;
        if (beforeFragment) {
            fragmentHeader = payload;
            fragmentHeaderType = at;
        }
        return true;
    }

    private void findRoutingAddress(ByteBuf packet, int base, int header, int length) {
        int type = packet.getUnsignedByte(base + header + 2);
        if (type == 2 && length == 8 + ADDRESS) {
            routingAddress = header + 8;
        }
        if (packet.getUnsignedByte(base + header + 3) != 0) { // segments left
            boolean first = type == 2 || type == SEGMENT_ROUTING;
            boolean known = (first || type == 0) && length >= 8 + ADDRESS;
            finalDestination = !known ? NONE : first ? header + 8 : header + length - ADDRESS;
        }
    }

    private void findHomeAddress(ByteBuf packet, int base, int header, int length) {
        int stop = header + length;
        for (int at = header + 2; at < stop; ) {
            int type = packet.getUnsignedByte(base + at);
            if (type == 0) { // Pad1 is one byte
                at++;
                continue;
            }
            if (stop - at < 2) {
                return;
            }
            int bytes = packet.getUnsignedByte(base + at + 1);
            if (bytes > stop - at - 2) {
                return;
            }
            if (type == HOME_ADDRESS && bytes == ADDRESS) {
                homeAddress = at + 2;
                return;
            }
            at += 2 + bytes;
        }
    }

    private void findTransport(ByteBuf packet, int base, int limit) {
        if (fragment) {
            return;
        }
        int room = limit - payload;
        if (protocol == UDP && room >= UDP_LENGTH) {
            transport = payload;
            transportLength = UDP_LENGTH;
        } else if (protocol == TCP && room >= TCP_LENGTH) {
            int length = (packet.getUnsignedByte(base + payload + 12) >>> 4) * 4;
            if (length >= TCP_LENGTH && length <= room) {
                transport = payload;
                transportLength = length;
            }
        }
    }

    /** 4, 6, or 0 if there is no IP. */
    public int version() {
        return version;
    }

    /** Where the header of IP is, or {@link #NONE}. */
    public int offset() {
        return offset;
    }

    /** The number of the protocol that is carried, behind all extension headers; or {@link #NONE}. */
    public int protocol() {
        return protocol;
    }

    /** Where the bytes that IP carries start, behind options and extension headers; or {@link #NONE}. */
    public int payloadOffset() {
        return payload;
    }

    /** Where the packet of IP ends, by its own length; where the limit is, if that makes no sense. */
    public int end() {
        return end;
    }

    /** Whether it is a part of a fragmented packet. Its transport header is not looked for. */
    public boolean isFragment() {
        return fragment;
    }

    /** Whether an IPv6 packet has extension headers. */
    public boolean hasExtensions() {
        return extensions;
    }

    /** Whether there is a whole TCP header. */
    public boolean isTcp() {
        return protocol == TCP && transport != NONE;
    }

    /** Whether there is a whole UDP header. */
    public boolean isUdp() {
        return protocol == UDP && transport != NONE;
    }

    /** Where the header of TCP or UDP is, or {@link #NONE}. */
    public int transportOffset() {
        return transport;
    }

    /** How long the header of TCP or UDP is, in bytes; 0 if there is none. */
    public int transportLength() {
        return transportLength;
    }

    /** Where the source address is. */
    public int sourceOffset() {
        return offset + (version == 4 ? 12 : 8);
    }

    /** Where the destination address is. */
    public int destinationOffset() {
        return offset + (version == 4 ? 16 : 24);
    }

    /** Bytes of an address. */
    public int addressLength() {
        return version == 4 ? 4 : ADDRESS;
    }

    /** Where the address of a Home Address option is, or {@link #NONE}. */
    public int homeAddressOffset() {
        return homeAddress;
    }

    /** Where the address in a type 2 routing header is, or {@link #NONE}. */
    public int routingAddressOffset() {
        return routingAddress;
    }

    /** Where the source address is that transport checksums cover. */
    int checksummedSource() {
        return homeAddress != NONE ? homeAddress : sourceOffset();
    }

    /** Where the destination address is that transport checksums cover; {@link #NONE} if nobody knows. */
    int checksummedDestination() {
        return finalDestination;
    }

    /** Where a fragment header goes in an IPv6 packet: behind what every router looks at. */
    int fragmentHeaderOffset() {
        return fragmentHeader;
    }

    /** Where the type of the header is that a fragment header goes before. */
    int fragmentHeaderTypeOffset() {
        return fragmentHeaderType;
    }
}
