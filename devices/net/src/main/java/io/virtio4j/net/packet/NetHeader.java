// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net.packet;

/**
 * What is left to do for a packet: the offload fields of {@code struct virtio_net_hdr}, with its values. The
 * codec is {@link NetHeaderLayout}. [Device Operation]
 *
 * <p>A mutable record that is used again and again, so that no packet costs an object. Offsets count from
 * the first byte of the Ethernet header and are 0 to 65535. Nothing in here is to be trusted: whoever acts
 * on an offset checks it against the packet first. Not safe for use by several threads.
 */
public final class NetHeader {

    /** {@link #flags()}: the checksum is partial. */
    public static final int F_NEEDS_CSUM = 1;
    /** {@link #flags()}: the checksum was validated. */
    public static final int F_DATA_VALID = 2;
    /** {@link #flags()}: {@code csum_start} and {@code csum_offset} count coalesced segments. */
    public static final int F_RSC_INFO = 4;
    /** {@link #flags()}: the outer UDP checksum is partial. */
    public static final int F_UDP_TUNNEL_CSUM = 8;

    /** {@link #gsoType()}: the packet goes as it is. */
    public static final int GSO_NONE = 0;
    /** {@link #segmentation()}: TCP over IPv4. */
    public static final int GSO_TCPV4 = 1;
    /** {@link #segmentation()}: IP fragments of a UDP datagram. */
    public static final int GSO_UDP = 3;
    /** {@link #segmentation()}: TCP over IPv6. */
    public static final int GSO_TCPV6 = 4;
    /** {@link #segmentation()}: UDP datagrams. */
    public static final int GSO_UDP_L4 = 5;
    /** {@link #gsoType()}, added: the inner packet of a UDP tunnel, which is IPv4. */
    public static final int GSO_UDP_TUNNEL_IPV4 = 0x20;
    /** {@link #gsoType()}, added: the inner packet of a UDP tunnel, which is IPv6. */
    public static final int GSO_UDP_TUNNEL_IPV6 = 0x40;
    /** {@link #gsoType()}, added: TCP whose ECN bit (CWR) is set. */
    public static final int GSO_ECN = 0x80;

    private static final int TUNNEL = GSO_UDP_TUNNEL_IPV4 | GSO_UDP_TUNNEL_IPV6;

    private int flags;
    private int gsoType;
    private int hdrLen;
    private int gsoSize;
    private int csumStart;
    private int csumOffset;
    private int outerThOffset;
    private int innerNhOffset;
    private int outerNhOffset;

    /** Creates the header of a packet for which nothing is left to do. */
    public NetHeader() {}

    /** Nothing is left to do. */
    public NetHeader clear() {
        flags = 0;
        gsoType = GSO_NONE;
        hdrLen = 0;
        gsoSize = 0;
        csumStart = 0;
        csumOffset = 0;
        outerThOffset = 0;
        innerNhOffset = 0;
        outerNhOffset = 0;
        return this;
    }

    /** Takes over all fields of another header. */
    public NetHeader set(NetHeader from) {
        flags = from.flags;
        gsoType = from.gsoType;
        hdrLen = from.hdrLen;
        gsoSize = from.gsoSize;
        csumStart = from.csumStart;
        csumOffset = from.csumOffset;
        outerThOffset = from.outerThOffset;
        innerNhOffset = from.innerNhOffset;
        outerNhOffset = from.outerNhOffset;
        return this;
    }

    // ── What it says ───────────────────────────────────────────────────────

    /** {@code VIRTIO_NET_HDR_F_...}. */
    public int flags() {
        return flags;
    }

    /** {@code VIRTIO_NET_HDR_GSO_...}, with the tunnel and ECN bits. */
    public int gsoType() {
        return gsoType;
    }

    /** The type without the tunnel and ECN bits; a number that is not one of the constants is possible. */
    public int segmentation() {
        return gsoType & ~(TUNNEL | GSO_ECN);
    }

    /** Whether the packet is to be cut into segments of {@link #gsoSize()}. */
    public boolean isGso() {
        return segmentation() != GSO_NONE;
    }

    /** Whether the ECN bit is set. */
    public boolean isEcn() {
        return (gsoType & GSO_ECN) != 0;
    }

    /** Whether one of the tunnel bits is set. */
    public boolean isUdpTunnel() {
        return (gsoType & TUNNEL) != 0;
    }

    /** Whether the outer UDP checksum of a tunnel is partial. */
    public boolean hasUdpTunnelCsum() {
        return (flags & F_UDP_TUNNEL_CSUM) != 0;
    }

    /** Whether the checksum is partial: the field holds that of the pseudo header. */
    public boolean needsCsum() {
        return (flags & F_NEEDS_CSUM) != 0;
    }

    /** Whether somebody validated the checksum. */
    public boolean isDataValid() {
        return (flags & F_DATA_VALID) != 0;
    }

    /** The bytes of all headers, including the transport header; a hint. */
    public int hdrLen() {
        return hdrLen;
    }

    /** The most payload of a segment, in bytes. */
    public int gsoSize() {
        return gsoSize;
    }

    /** Where to begin checksumming; goes to the end of the packet. */
    public int csumStart() {
        return csumStart;
    }

    /** Where to put the checksum, counted from {@link #csumStart()}. */
    public int csumOffset() {
        return csumOffset;
    }

    /** Where the outer UDP header of a tunnel is. */
    public int outerThOffset() {
        return outerThOffset;
    }

    /** Where the inner network header of a tunnel is. */
    public int innerNhOffset() {
        return innerNhOffset;
    }

    /** Where the outer network header is; 0 if nobody said so. */
    public int outerNhOffset() {
        return outerNhOffset;
    }

    // ── Saying it ──────────────────────────────────────────────────────────

    /** Sets {@link #flags()}. */
    public NetHeader flags(int value) {
        flags = value & 0xFF;
        return this;
    }

    /** Sets {@link #gsoType()} and {@link #gsoSize()}. */
    public NetHeader gso(int type, int size) {
        gsoType = type & 0xFF;
        gsoSize = size & 0xFFFF;
        return this;
    }

    /** Sets {@link #hdrLen()}. */
    public NetHeader hdrLen(int bytes) {
        hdrLen = bytes & 0xFFFF;
        return this;
    }

    /** Sets {@link #csumStart()} and {@link #csumOffset()}; leaves the flags alone. */
    public NetHeader csum(int start, int offset) {
        csumStart = start & 0xFFFF;
        csumOffset = offset & 0xFFFF;
        return this;
    }

    /** The checksum is partial: sets {@link #F_NEEDS_CSUM}, {@link #csumStart()}, {@link #csumOffset()}. */
    public NetHeader partialCsum(int start, int offset) {
        flags |= F_NEEDS_CSUM;
        return csum(start, offset);
    }

    /** Sets {@link #outerThOffset()} and {@link #innerNhOffset()}. */
    public NetHeader tunnel(int outerTransport, int innerNetwork) {
        outerThOffset = outerTransport & 0xFFFF;
        innerNhOffset = innerNetwork & 0xFFFF;
        return this;
    }

    /** Sets {@link #outerNhOffset()}. */
    public NetHeader outerNhOffset(int offset) {
        outerNhOffset = offset & 0xFFFF;
        return this;
    }

    @Override
    public String toString() {
        return "flags=0x" + Integer.toHexString(flags) + " gsoType=0x" + Integer.toHexString(gsoType)
                + " hdrLen=" + hdrLen + " gsoSize=" + gsoSize + " csumStart=" + csumStart
                + " csumOffset=" + csumOffset + " outerThOffset=" + outerThOffset
                + " innerNhOffset=" + innerNhOffset + " outerNhOffset=" + outerNhOffset;
    }
}
