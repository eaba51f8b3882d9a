// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net.packet;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;

/**
 * Does in software what a {@link NetHeader} leaves to do: completes checksums, and cuts a large packet into
 * those that go on the wire. TCP and UDP over IPv4 and IPv6, IP fragments of UDP, and TCP and UDP inside of
 * a UDP tunnel; with VLAN tags, options and extension headers.
 *
 * <pre>{@code
 * HeaderFault fault = segmenter.prepare(packet, header);
 * for (int i = 0; i < segmenter.count(); i++) {
 *     ByteBuf segment = allocate(segmenter.length(i));
 *     segmenter.write(i, segment);
 *     ...
 * }
 * }</pre>
 *
 * <p>The packet belongs to nobody else meanwhile: it is read as often as it takes, and may be changed. All
 * fields of the header may be anything: what does not fit is refused with a {@link HeaderFault}, and nothing
 * outside of the packet is read. Allocates nothing. Not safe for use by several threads.
 */
public final class Segmenter {

    /** How many packets one may become, at most. */
    public static final int MOST_SEGMENTS = GsoPacket.MOST_SEGMENTS;

    private static final int FIN_PSH = 0x09;
    private static final int CWR = 0x80;
    private static final int MORE_FRAGMENTS = 0x2000;
    private static final int FRAGMENT_HEADER = 44;
    private static final int FRAGMENT_HEADER_LENGTH = 8;

    private final GsoPacket gso = new GsoPacket();
    private final Ipv4Patch ipv4 = new Ipv4Patch();
    private final Ipv4Patch outerIpv4 = new Ipv4Patch();

    private ByteBuf source = Unpooled.EMPTY_BUFFER;
    private int base;
    private int total;
    private int count;
    private boolean whole;

    private int transportSum;
    private int sequence;
    private int tcpFlags;
    private int outerUdpSum;
    private boolean outerChecksum;
    private boolean innerAtOdd;
    private int fragmentId;

    /** Creates one whose IPv6 fragments are numbered from an arbitrary start. */
    public Segmenter() {
        this((int) System.nanoTime() * 0x9E3779B9);
    }

    /**
     * Creates one.
     *
     * @param firstFragmentId identification of the first packet that becomes IPv6 fragments; each gets the
     *     next
     */
    public Segmenter(int firstFragmentId) {
        fragmentId = firstFragmentId;
    }

    /**
     * Whether a header and its packet go together. To be asked before both are handed on as they are;
     * {@link #prepare} asks it too. Changes nothing, but forgets what was prepared.
     */
    public HeaderFault check(ByteBuf packet, NetHeader header) {
        count = 0;
        // > ... the device MUST NOT accept the packet. [Packet Transmission]
        if ((header.gsoType() & NetHeader.GSO_UDP_TUNNEL_IPV4) != 0
                && (header.gsoType() & NetHeader.GSO_UDP_TUNNEL_IPV6) != 0) {
            return HeaderFault.TUNNEL_TYPE;
        }
        if (header.isUdpTunnel() && (!header.needsCsum() || header.isDataValid() || !header.isGso())) {
            return HeaderFault.TUNNEL_FLAGS;
        }
        if (header.hasUdpTunnelCsum() && !header.isUdpTunnel()) {
            return HeaderFault.TUNNEL_CSUM_WITHOUT_TUNNEL;
        }
        if (packet.readableBytes() < PacketHeaders.ETHERNET_LENGTH) {
            return HeaderFault.RUNT;
        }
        if (header.isGso()) {
            return gso.read(packet, header);
        }
        if (header.needsCsum() && header.csumStart() + header.csumOffset() > packet.readableBytes() - 2) {
            return HeaderFault.CSUM_OUT_OF_PACKET;
        }
        return HeaderFault.NONE;
    }

    /**
     * Looks at a packet and how it is to be cut. If it does not have to be cut, its checksum is completed in
     * place and it is the one segment.
     *
     * @param packet its readable bytes; not released, and needed until the last segment was written
     * @param header read during the call only
     * @return {@link HeaderFault#NONE}, or why there are no segments
     */
    public HeaderFault prepare(ByteBuf packet, NetHeader header) {
        HeaderFault fault = check(packet, header);
        if (!fault.isNone()) {
            return fault;
        }
        source = packet;
        base = packet.readerIndex();
        total = packet.readableBytes();
        whole = !header.isGso();
        if (whole) {
            fault = TransportChecksum.complete(packet, header);
            count = fault.isNone() ? 1 : 0;
            return fault;
        }
        prepareNetwork();
        if (gso.becomesFragments()) {
            prepareFragments();
        } else {
            prepareTransport();
        }
        if (gso.isTunnel()) {
            prepareTunnel(header);
        }
        count = gso.count();
        return HeaderFault.NONE;
    }

    private void prepareNetwork() {
        if (gso.ip().version() == 4) {
            ipv4.prepare(source, gso.ip(), gso.becomesFragments());
        }
        if (gso.isTunnel() && gso.outerIp().version() == 4) {
            outerIpv4.prepare(source, gso.outerIp(), false);
        }
    }

    private void prepareTransport() {
        IpHeaders ip = gso.ip();
        int at = base + ip.transportOffset();
        int sum = TransportChecksum.addresses(source, ip) + ip.protocol();
        if (gso.isTcp()) {
            sequence = source.getInt(at + 4);
            tcpFlags = source.getUnsignedShort(at + 12);
            // All but what differs: the sequence number, the flags, the checksum.
            sum += InternetChecksum.sum(source, at, 4) + InternetChecksum.sum(source, at + 8, 4)
                    + source.getUnsignedShort(at + 14)
                    + InternetChecksum.sum(source, at + 18, ip.transportLength() - 18);
        } else {
            sum += InternetChecksum.sum(source, at, 4);
        }
        transportSum = InternetChecksum.fold(sum);
    }

    /** The one checksum of a datagram that becomes fragments goes into the first of them. */
    private void prepareFragments() {
        IpHeaders ip = gso.ip();
        int at = base + ip.transportOffset();
        int length = total - ip.transportOffset();
        source.setShort(at + 4, length);
        source.setShort(at + TransportChecksum.IN_UDP, 0);
        int sum = TransportChecksum.pseudoHeader(source, ip, length)
                + InternetChecksum.sum(source, at, length);
        source.setShort(at + TransportChecksum.IN_UDP, InternetChecksum.checksumNotZero(sum));
        if (ip.version() == 6) {
            fragmentId++;
        }
    }

    private void prepareTunnel(NetHeader header) {
        IpHeaders outer = gso.outerIp();
        IpHeaders inner = gso.ip();
        int udp = base + gso.outerUdp();
        int behind = gso.outerUdp() + IpHeaders.UDP_LENGTH;
        // A checksum that is there although nobody asked for it is kept right, too.
        outerChecksum = header.hasUdpTunnelCsum()
                || source.getUnsignedShort(udp + TransportChecksum.IN_UDP) != 0;
        innerAtOdd = ((inner.offset() - behind) & 1) != 0;
        int sum = TransportChecksum.addresses(source, outer) + IpHeaders.UDP
                + InternetChecksum.sum(source, udp, 4)
                + InternetChecksum.sum(source, base + behind, inner.offset() - behind);
        if (inner.version() == 6) {
            int headers = InternetChecksum.sum(source, base + inner.offset(), 4)
                    + InternetChecksum.sum(source, base + inner.offset() + 6,
                            inner.transportOffset() - inner.offset() - 6);
            sum += InternetChecksum.fold(inOuter(InternetChecksum.fold(headers)));
        }
        outerUdpSum = InternetChecksum.fold(sum);
    }

    /** What a sum over inner headers is worth in the outer checksum. */
    private int inOuter(int sum) {
        return innerAtOdd ? InternetChecksum.swap(sum) : sum;
    }

    /** How many packets there are; 0 if the last one was refused. */
    public int count() {
        return count;
    }

    /** How many bytes a segment has. */
    public int length(int segment) {
        if (whole) {
            return total;
        }
        int extra = insertsFragmentHeader() ? FRAGMENT_HEADER_LENGTH : 0;
        return gso.headerBytes() + extra + payloadLength(segment);
    }

    private boolean insertsFragmentHeader() {
        return gso.becomesFragments() && gso.ip().version() == 6 && count > 1;
    }

    private int payloadLength(int segment) {
        return Math.min(gso.segmentBytes(), gso.payloadBytes() - segment * gso.segmentBytes());
    }

    /**
     * Appends a segment to a buffer. Nothing is read from it.
     *
     * @param segment from 0 to {@link #count()} - 1, in any order
     * @param target has {@link #length} writable bytes
     */
    public void write(int segment, ByteBuf target) {
        int at = target.writerIndex();
        int length = length(segment);
        target.ensureWritable(length);
        if (whole) {
            copy(base, target, at, total);
        } else {
            int payload = payloadLength(segment);
            int headers = gso.headerBytes();
            copy(base, target, at, headers);
            copy(base + headers + segment * gso.segmentBytes(), target, at + length - payload, payload);
            if (gso.becomesFragments()) {
                patchFragment(segment, target, at, payload);
            } else {
                patchSegment(segment, target, at, payload);
            }
        }
        target.writerIndex(at + length);
    }

    private void copy(int from, ByteBuf target, int at, int length) {
        if (source.hasArray()) {
            target.setBytes(at, source.array(), source.arrayOffset() + from, length);
        } else if (source.nioBufferCount() == 1) {
            // Between two direct buffers, setBytes(ByteBuf) makes a view for each call.
            ByteBuffer bytes = source.internalNioBuffer(from, length);
            target.setBytes(at, bytes);
        } else {
            target.setBytes(at, source, from, length);
        }
    }

    private void patchSegment(int segment, ByteBuf target, int at, int payload) {
        IpHeaders ip = gso.ip();
        int transportLength = ip.transportLength() + payload;
        patchNetwork(segment, ip, ipv4, target, at, ip.transportOffset() + transportLength);
        int header = at + ip.transportOffset();
        int sum = transportSum + transportLength
                + InternetChecksum.sum(source, base + gso.headerBytes() + segment * gso.segmentBytes(), payload);
        if (gso.isTcp()) {
            int number = sequence + segment * gso.segmentBytes();
            int flags = flags(segment);
            sum += (number >>> 16) + (number & 0xFFFF) + flags;
            target.setInt(header + 4, number);
            target.setShort(header + 12, flags);
            target.setShort(header + TransportChecksum.IN_TCP, InternetChecksum.checksum(sum));
        } else {
            sum += transportLength; // in the header too
            target.setShort(header + 4, transportLength);
            target.setShort(header + TransportChecksum.IN_UDP, InternetChecksum.checksumNotZero(sum));
        }
        if (gso.isTunnel()) {
            patchTunnel(segment, target, at, transportLength);
        }
    }

    /** CWR tells something once, FIN and PSH are about the end. */
    private int flags(int segment) {
        int flags = tcpFlags;
        if (segment > 0) {
            flags &= ~CWR;
        }
        if (segment < count - 1) {
            flags &= ~FIN_PSH;
        }
        return flags;
    }

    private void patchNetwork(
            int segment, IpHeaders ip, Ipv4Patch patch, ByteBuf target, int at, int end) {
        if (ip.version() == 4) {
            patch.write(target, at + ip.offset(), end - ip.offset(), segment, 0);
        } else {
            target.setShort(at + ip.offset() + 4, end - ip.offset() - IpHeaders.IPV6_LENGTH);
        }
    }

    private void patchTunnel(int segment, ByteBuf target, int at, int transportLength) {
        IpHeaders inner = gso.ip();
        IpHeaders outer = gso.outerIp();
        int end = inner.transportOffset() + transportLength;
        patchNetwork(segment, outer, outerIpv4, target, at, end);
        int udpLength = end - gso.outerUdp();
        target.setShort(at + gso.outerUdp() + 4, udpLength);
        if (!outerChecksum) {
            return;
        }
        // An IPv4 header adds up to nothing; a transport header with what it carries to what its pseudo
        // header lacks. So the payload need not be looked at again.
        int innerSum = ~InternetChecksum.fold(
                TransportChecksum.pseudoHeader(source, inner, transportLength)) & 0xFFFF;
        if (inner.version() == 6) {
            innerSum += end - inner.offset() - IpHeaders.IPV6_LENGTH;
        }
        int sum = outerUdpSum + udpLength + udpLength + inOuter(InternetChecksum.fold(innerSum));
        target.setShort(at + gso.outerUdp() + TransportChecksum.IN_UDP,
                InternetChecksum.checksumNotZero(sum));
    }

    private void patchFragment(int segment, ByteBuf target, int at, int payload) {
        IpHeaders ip = gso.ip();
        int offset = segment * gso.segmentBytes();
        boolean last = segment == count - 1;
        if (ip.version() == 4) {
            int field = count == 1 ? 0 : offset >>> 3 | (last ? 0 : MORE_FRAGMENTS);
            ipv4.write(target, at + ip.offset(), gso.headerBytes() - ip.offset() + payload, 0, field);
            return;
        }
        int extra = 0;
        if (count > 1) {
            extra = FRAGMENT_HEADER_LENGTH;
            int typeField = ip.fragmentHeaderTypeOffset();
            int header = at + ip.fragmentHeaderOffset();
            target.setByte(header, source.getByte(base + typeField));
            target.setByte(header + 1, 0);
            target.setShort(header + 2, offset | (last ? 0 : 1));
            target.setInt(header + 4, fragmentId);
            target.setByte(at + typeField, FRAGMENT_HEADER);
        }
        target.setShort(at + ip.offset() + 4,
                gso.headerBytes() - ip.offset() - IpHeaders.IPV6_LENGTH + extra + payload);
    }
}
