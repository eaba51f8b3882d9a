// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net.packet;

import io.netty.buffer.ByteBuf;

/**
 * A packet that is to be segmented, taken apart: where the headers are, what a segment carries, how many
 * there are. Reads what the sender says, and believes what it finds in the packet.
 */
final class GsoPacket {

    /** A packet of 64 KiB in segments of 48 bytes, the smallest that Linux's TCP makes, is 1,366. */
    static final int MOST_SEGMENTS = 2048;

    /** IPv6 with some extensions, a Geneve header with all of its options, IPv6 again, and TCP with options. */
    static final int MOST_HEADER_BYTES = 768;

    private static final int SYN = 0x02;

    private final PacketHeaders outer = new PacketHeaders();
    private final IpHeaders inner = new IpHeaders();

    private IpHeaders ip = inner;
    private int type;
    private boolean tunnel;
    private int outerUdp;
    private int headerBytes;
    private int payloadBytes;
    private int segmentBytes;
    private int count;

    /**
     * Takes a packet apart.
     *
     * @param header wants it to be segmented
     */
    HeaderFault read(ByteBuf packet, NetHeader header) {
        type = header.segmentation();
        tunnel = header.isUdpTunnel();
        HeaderFault fault = checkBits(header);
        if (!fault.isNone()) {
            return fault;
        }
        int length = packet.readableBytes();
        if (!outer.parse(packet)) {
            return HeaderFault.RUNT;
        }
        ip = outer.ip();
        if (tunnel) {
            fault = enterTunnel(packet, header, length);
            if (!fault.isNone()) {
                return fault;
            }
        }
        fault = checkTransport(packet, header);
        return fault.isNone() ? measure(header, length) : fault;
    }

    /** What the header says by itself. */
    private HeaderFault checkBits(NetHeader header) {
        if (!header.needsCsum()) {
            return HeaderFault.GSO_WITHOUT_CSUM;
        }
        boolean tcp = type == NetHeader.GSO_TCPV4 || type == NetHeader.GSO_TCPV6;
        boolean udp = type == NetHeader.GSO_UDP_L4 || type == NetHeader.GSO_UDP && !tunnel;
        if (!tcp && (!udp || header.isEcn())) {
            return HeaderFault.GSO_TYPE;
        }
        return header.gsoSize() == 0 ? HeaderFault.GSO_SIZE : HeaderFault.NONE;
    }

    private HeaderFault enterTunnel(ByteBuf packet, NetHeader header, int length) {
        if (!ip.isUdp() || header.outerThOffset() != ip.transportOffset()
                || ip.checksummedDestination() == IpHeaders.NONE) {
            return ip.isFragment() ? HeaderFault.FRAGMENT : HeaderFault.TUNNEL_OUTER;
        }
        outerUdp = ip.transportOffset();
        int version = (header.gsoType() & NetHeader.GSO_UDP_TUNNEL_IPV4) != 0 ? 4 : 6;
        if (header.innerNhOffset() < outerUdp + IpHeaders.UDP_LENGTH
                || !inner.parse(packet, header.innerNhOffset(), length)
                || inner.version() != version) {
            return HeaderFault.TUNNEL_INNER;
        }
        ip = inner;
        return HeaderFault.NONE;
    }

    private HeaderFault checkTransport(ByteBuf packet, NetHeader header) {
        boolean tcp = type == NetHeader.GSO_TCPV4 || type == NetHeader.GSO_TCPV6;
        boolean versionFits = switch (type) {
            case NetHeader.GSO_TCPV4 -> ip.version() == 4;
            case NetHeader.GSO_TCPV6 -> ip.version() == 6;
            default -> ip.version() != 0;
        };
        if (!versionFits) {
            return HeaderFault.NOT_IP;
        }
        if (ip.isFragment()) {
            return HeaderFault.FRAGMENT;
        }
        if (!(tcp ? ip.isTcp() : ip.isUdp()) || ip.checksummedDestination() == IpHeaders.NONE) {
            return HeaderFault.NOT_TRANSPORT;
        }
        if (header.csumStart() != ip.transportOffset()
                || header.csumOffset() != (tcp ? TransportChecksum.IN_TCP : TransportChecksum.IN_UDP)) {
            return HeaderFault.CSUM_NOT_TRANSPORT;
        }
        int flags = tcp ? packet.getUnsignedByte(packet.readerIndex() + ip.transportOffset() + 13) : 0;
        return (flags & SYN) != 0 ? HeaderFault.TCP_SYN : HeaderFault.NONE;
    }

    /** How the bytes divide. What is behind the headers is payload: the lengths in them need not be set. */
    private HeaderFault measure(NetHeader header, int length) {
        boolean fragments = type == NetHeader.GSO_UDP;
        if (fragments) {
            headerBytes = ip.version() == 4 ? ip.payloadOffset() : ip.fragmentHeaderOffset();
            segmentBytes = header.gsoSize() & ~7; // offsets of fragments count by 8
        } else {
            headerBytes = ip.transportOffset() + ip.transportLength();
            segmentBytes = header.gsoSize();
        }
        payloadBytes = length - headerBytes;
        if (segmentBytes == 0) {
            return HeaderFault.GSO_SIZE;
        }
        if (headerBytes > MOST_HEADER_BYTES) {
            return HeaderFault.HEADERS_TOO_LONG;
        }
        count = Math.max(1, (payloadBytes + segmentBytes - 1) / segmentBytes);
        if (count > MOST_SEGMENTS) {
            return HeaderFault.GSO_COUNT;
        }
        int longest = headerBytes + 8 + Math.min(segmentBytes, payloadBytes) - outer.networkOffset();
        if (longest > 0xFFFF || fragments && payloadBytes > 0xFFFF) {
            return HeaderFault.SEGMENT_TOO_LONG;
        }
        return HeaderFault.NONE;
    }

    /** What is segmented: the inner packet of a tunnel. */
    IpHeaders ip() {
        return ip;
    }

    /** The headers of IP around a tunnel. */
    IpHeaders outerIp() {
        return outer.ip();
    }

    boolean isTunnel() {
        return tunnel;
    }

    /** Where the UDP header of a tunnel is. */
    int outerUdp() {
        return outerUdp;
    }

    /** The bytes that start every segment. */
    int headerBytes() {
        return headerBytes;
    }

    /** The bytes that are divided. */
    int payloadBytes() {
        return payloadBytes;
    }

    /** The bytes that a segment carries, but for the last. */
    int segmentBytes() {
        return segmentBytes;
    }

    int count() {
        return count;
    }

    boolean isTcp() {
        return type == NetHeader.GSO_TCPV4 || type == NetHeader.GSO_TCPV6;
    }

    /** Whether it becomes fragments of IP. */
    boolean becomesFragments() {
        return type == NetHeader.GSO_UDP;
    }
}
