// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net.packet;

import io.netty.buffer.ByteBuf;

/**
 * The hash of a received packet, and over what it was taken. [Hash calculation for incoming packets]
 *
 * <p>Used again and again; not safe for use by several threads.
 */
public final class PacketHash {

    /** {@code VIRTIO_NET_HASH_TYPE_IPv4}. */
    public static final int IPV4 = 1;
    /** {@code VIRTIO_NET_HASH_TYPE_TCPv4}. */
    public static final int TCPV4 = 1 << 1;
    /** {@code VIRTIO_NET_HASH_TYPE_UDPv4}. */
    public static final int UDPV4 = 1 << 2;
    /** {@code VIRTIO_NET_HASH_TYPE_IPv6}. */
    public static final int IPV6 = 1 << 3;
    /** {@code VIRTIO_NET_HASH_TYPE_TCPv6}. */
    public static final int TCPV6 = 1 << 4;
    /** {@code VIRTIO_NET_HASH_TYPE_UDPv6}. */
    public static final int UDPV6 = 1 << 5;
    /** {@code VIRTIO_NET_HASH_TYPE_IP_EX}. */
    public static final int IP_EX = 1 << 6;
    /** {@code VIRTIO_NET_HASH_TYPE_TCP_EX}. */
    public static final int TCP_EX = 1 << 7;
    /** {@code VIRTIO_NET_HASH_TYPE_UDP_EX}. */
    public static final int UDP_EX = 1 << 8;
    /** All nine. */
    public static final int ALL = (1 << 9) - 1;

    /** {@code VIRTIO_NET_HASH_REPORT_NONE}: no hash. */
    public static final int NONE = 0;

    private final PacketHeaders headers = new PacketHeaders();
    private final Tunnel tunnel = new Tunnel();
    private int value;
    private int report;

    /** Creates one that says that there is no hash. */
    public PacketHash() {}

    /**
     * Calculates the hash of a packet.
     *
     * @param packet its readable bytes, which do not change
     * @param key the function
     * @param hashTypes those that are enabled
     * @param tunnelTypes those of {@link Tunnel} whose inner headers are hashed
     * @return whether there is a hash
     */
    public boolean calculate(ByteBuf packet, Toeplitz key, int hashTypes, int tunnelTypes) {
        headers.parse(packet);
        return calculate(packet, headers, key, hashTypes, tunnelTypes);
    }

    /** As the other, where the headers were looked for already. */
    public boolean calculate(
            ByteBuf packet, PacketHeaders known, Toeplitz key, int hashTypes, int tunnelTypes) {
        IpHeaders ip = known.ip();
        // > ... does not match any encapsulation types enabled in enabled_tunnel_types, the device MUST
        // > calculate the hash on the outer header. [Inner Header Hash]
        if (tunnelTypes != 0 && (tunnel.parse(packet, known) & tunnelTypes) != 0) {
            ip = tunnel.inner();
        }
        int type = type(ip, hashTypes);
        value = type == 0 ? 0 : hash(packet, ip, key, type);
        report = type == 0 ? NONE : Integer.numberOfTrailingZeros(type) + 1;
        return type != 0;
    }

    /** The type that comes first among those that are enabled and fit, or 0. */
    private static int type(IpHeaders ip, int hashTypes) {
        if (ip.version() == 4) {
            return first(ip, hashTypes, TCPV4, UDPV4, IPV4);
        }
        if (ip.version() == 6) {
            int extended = ip.hasExtensions() ? first(ip, hashTypes, TCP_EX, UDP_EX, IP_EX) : 0;
            // > Else skip IPv6 extension headers and calculate the hash as defined for an IPv6 packet without
            // > extension headers. [IPv6 packets with extension header]
            return extended != 0 ? extended : first(ip, hashTypes, TCPV6, UDPV6, IPV6);
        }
        return 0;
    }

    private static int first(IpHeaders ip, int hashTypes, int tcp, int udp, int plain) {
        if (ip.isTcp() && (hashTypes & tcp) != 0) {
            return tcp;
        }
        if (ip.isUdp() && (hashTypes & udp) != 0) {
            return udp;
        }
        return hashTypes & plain;
    }

    private static int hash(ByteBuf packet, IpHeaders ip, Toeplitz key, int type) {
        boolean extended = (type & (IP_EX | TCP_EX | UDP_EX)) != 0;
        int source = extended && ip.homeAddressOffset() != IpHeaders.NONE
                ? ip.homeAddressOffset() : ip.sourceOffset();
        int destination = extended && ip.routingAddressOffset() != IpHeaders.NONE
                ? ip.routingAddressOffset() : ip.destinationOffset();
        int base = packet.readerIndex();
        int length = ip.addressLength();
        int hash = key.hash(0, 0, packet, base + source, length);
        hash = key.hash(hash, length, packet, base + destination, length);
        boolean ports = (type & (IPV4 | IPV6 | IP_EX)) == 0;
        return ports ? key.hash(hash, 2 * length, packet, base + ip.transportOffset(), 4) : hash;
    }

    /** {@code hash_value}; 0 if there is no hash. */
    public int value() {
        return value;
    }

    /** {@code hash_report}: 1 to 9 in the order of the types, or {@link #NONE}. */
    public int report() {
        return report;
    }
}
