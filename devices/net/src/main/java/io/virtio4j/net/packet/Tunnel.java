// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net.packet;

import io.netty.buffer.ByteBuf;

/**
 * A look into a tunnel: which it is, and the headers of IP inside of it. One level. A mutable record that is
 * used again and again. [Inner Header Hash / Encapsulation types supported/enabled for inner header hash]
 *
 * <p>UDP tunnels are told by their registered destination ports.
 */
public final class Tunnel {

    /** GRE over IPv4, without key and sequence number. */
    public static final int GRE_2784 = 1;
    /** GRE with a key or a sequence number. */
    public static final int GRE_2890 = 1 << 1;
    /** GRE where IPv6 is around or inside of it. */
    public static final int GRE_7676 = 1 << 2;
    /** GRE in UDP. */
    public static final int GRE_UDP = 1 << 3;
    /** VXLAN. */
    public static final int VXLAN = 1 << 4;
    /** VXLAN with the Generic Protocol Extension. */
    public static final int VXLAN_GPE = 1 << 5;
    /** Geneve. */
    public static final int GENEVE = 1 << 6;
    /** IPv4 in IPv4. */
    public static final int IPIP = 1 << 7;
    /** NVGRE: Ethernet in GRE with a key. */
    public static final int NVGRE = 1 << 8;
    /** All of them. */
    public static final int ALL = (1 << 9) - 1;

    private static final int VXLAN_PORT = 4789;
    private static final int VXLAN_GPE_PORT = 4790;
    private static final int GENEVE_PORT = 6081;
    private static final int GRE_UDP_PORT = 4754;

    private static final int TRANSPARENT_ETHERNET = 0x6558;

    private static final int GRE_CHECKSUM = 0x8000;
    private static final int GRE_KEY = 0x2000;
    private static final int GRE_SEQUENCE = 0x1000;
    /** Bits that RFC 2784 wants zero, and the version. */
    private static final int GRE_UNKNOWN = 0x4C07;

    private final PacketHeaders ethernet = new PacketHeaders();
    private final IpHeaders direct = new IpHeaders();

    private IpHeaders inner = direct;
    private int types;

    /** Creates a record of nothing. */
    public Tunnel() {}

    /**
     * Looks for a tunnel.
     *
     * @param packet its readable bytes, which do not change
     * @param headers of the packet
     * @return the types that it is of: a GRE header can be of several; 0 if there is no tunnel
     */
    public int parse(ByteBuf packet, PacketHeaders headers) {
        types = 0;
        inner = direct;
        direct.clear();
        IpHeaders ip = headers.ip();
        if (ip.version() == 0 || ip.isFragment()) {
            return 0;
        }
        if (ip.isUdp()) {
            parseUdp(packet, ip);
        } else if (ip.protocol() == IpHeaders.GRE) {
            parseGre(packet, ip, ip.payloadOffset(), false);
        } else if (ip.protocol() == IpHeaders.IPV4 && ip.version() == 4) {
            types = IPIP;
            parseIp(packet, ip.payloadOffset(), ip.end(), 4);
        }
        return types;
    }

    private void parseUdp(ByteBuf packet, IpHeaders ip) {
        int at = ip.transportOffset() + IpHeaders.UDP_LENGTH;
        int base = packet.readerIndex();
        switch (packet.getUnsignedShort(base + ip.transportOffset() + 2)) {
            case VXLAN_PORT -> {
                // Flags: the identifier is valid.
                if (ip.end() - at >= 8 && (packet.getUnsignedByte(base + at) & 0x08) != 0) {
                    types = VXLAN;
                    parseEthernet(packet, at + 8, ip.end());
                }
            }
            case VXLAN_GPE_PORT -> {
                if (ip.end() - at >= 8 && (packet.getUnsignedByte(base + at) & 0x30) == 0) { // version
                    types = VXLAN_GPE;
                    parseNextProtocol(packet, at, ip.end());
                }
            }
            case GENEVE_PORT -> {
                if (ip.end() - at >= 8 && packet.getUnsignedByte(base + at) >>> 6 == 0) { // version
                    types = GENEVE;
                    int options = (packet.getUnsignedByte(base + at) & 0x3F) * 4;
                    parseProtocol(packet, packet.getUnsignedShort(base + at + 2), at + 8 + options, ip.end());
                }
            }
            case GRE_UDP_PORT -> parseGre(packet, ip, at, true);
            default -> { }
        }
    }

    private void parseNextProtocol(ByteBuf packet, int at, int limit) {
        int base = packet.readerIndex();
        boolean has = (packet.getUnsignedByte(base + at) & 0x04) != 0; // P: there is a next protocol
        switch (has ? packet.getUnsignedByte(base + at + 3) : 3) {
            case 1 -> parseIp(packet, at + 8, limit, 4);
            case 2 -> parseIp(packet, at + 8, limit, 6);
            case 3 -> parseEthernet(packet, at + 8, limit);
            default -> { }
        }
    }

    private void parseGre(ByteBuf packet, IpHeaders outer, int at, boolean inUdp) {
        int limit = outer.end();
        int base = packet.readerIndex();
        if (limit - at < 4) {
            return;
        }
        int flags = packet.getUnsignedShort(base + at);
        int protocol = packet.getUnsignedShort(base + at + 2);
        if ((flags & GRE_UNKNOWN) != 0) {
            return;
        }
        boolean keyed = (flags & (GRE_KEY | GRE_SEQUENCE)) != 0;
        int payload = at + 4 + 4 * Integer.bitCount(flags & (GRE_CHECKSUM | GRE_KEY | GRE_SEQUENCE));
        if (payload > limit) {
            return;
        }
        if (inUdp) {
            types = GRE_UDP;
        } else {
            boolean ipv6 = outer.version() == 6;
            types = keyed ? GRE_2890 : ipv6 ? 0 : GRE_2784;
            if (ipv6 || protocol == PacketHeaders.IPV6) {
                types |= GRE_7676;
            }
            if (protocol == TRANSPARENT_ETHERNET
                    && (flags & (GRE_KEY | GRE_SEQUENCE | GRE_CHECKSUM)) == GRE_KEY) {
                types |= NVGRE;
            }
        }
        parseProtocol(packet, protocol, payload, limit);
    }

    private void parseProtocol(ByteBuf packet, int protocol, int at, int limit) {
        switch (protocol) {
            case PacketHeaders.IPV4 -> parseIp(packet, at, limit, 4);
            case PacketHeaders.IPV6 -> parseIp(packet, at, limit, 6);
            case TRANSPARENT_ETHERNET -> parseEthernet(packet, at, limit);
            default -> { }
        }
    }

    private void parseIp(ByteBuf packet, int at, int limit, int version) {
        if (direct.parse(packet, at, limit) && direct.version() != version) {
            direct.clear();
        }
    }

    private void parseEthernet(ByteBuf packet, int at, int limit) {
        ethernet.parse(packet, at, limit);
        inner = ethernet.ip();
    }

    /** The types that the tunnel is of. */
    public int types() {
        return types;
    }

    /** The headers of IP inside of the tunnel; their version is 0 if there are none. */
    public IpHeaders inner() {
        return inner;
    }
}
