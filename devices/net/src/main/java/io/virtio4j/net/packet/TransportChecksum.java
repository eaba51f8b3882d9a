// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net.packet;

import io.netty.buffer.ByteBuf;

/** The checksum of TCP and UDP: completed, checked, or left for others to complete. */
public final class TransportChecksum {

    /** What a look at a packet's checksums says. */
    public enum Verdict {
        /** All that were looked at are right. */
        VALID,
        /** One is wrong. */
        WRONG,
        /** There is none, or it cannot be told: not TCP or UDP, a fragment, cut off. */
        UNKNOWN
    }

    /** Where the checksum is in a TCP header. */
    static final int IN_TCP = 16;
    /** Where the checksum is in a UDP header. */
    static final int IN_UDP = 6;

    private TransportChecksum() {}

    /**
     * Completes a partial checksum in the packet. If the header does not say that it is partial, nothing
     * happens: then {@code csum_start} and {@code csum_offset} mean nothing.
     *
     * @param packet its readable bytes, which are changed
     * @param header is not changed
     */
    public static HeaderFault complete(ByteBuf packet, NetHeader header) {
        if (!header.needsCsum()) {
            return HeaderFault.NONE;
        }
        int length = packet.readableBytes();
        int start = header.csumStart();
        int field = start + header.csumOffset();
        if (start >= length || field > length - 2) {
            return HeaderFault.CSUM_OUT_OF_PACKET;
        }
        int base = packet.readerIndex();
        int sum = InternetChecksum.sum(packet, base + start, length - start);
        packet.setShort(base + field, InternetChecksum.checksumNotZero(sum));
        return HeaderFault.NONE;
    }

    /**
     * Checks the outermost transport checksum, and that of the IPv4 header before it.
     *
     * @param packet complete: nothing is left to do for it
     * @param headers of the packet
     */
    public static Verdict verify(ByteBuf packet, PacketHeaders headers) {
        IpHeaders ip = headers.ip();
        int start = ip.transportOffset();
        if (start == IpHeaders.NONE || ip.checksummedDestination() == IpHeaders.NONE) {
            return Verdict.UNKNOWN;
        }
        int base = packet.readerIndex();
        if (ip.version() == 4
                && InternetChecksum.sum(packet, base + ip.offset(), start - ip.offset()) != 0xFFFF) {
            return Verdict.WRONG;
        }
        int length = ip.end() - start;
        if (ip.isUdp()) {
            if (packet.getUnsignedShort(base + start + IN_UDP) == 0) {
                // Over IPv4 that says "none"; over IPv6 it is allowed in some tunnels only.
                return ip.version() == 4 ? Verdict.UNKNOWN : Verdict.WRONG;
            }
            int own = packet.getUnsignedShort(base + start + 4);
            if (own < IpHeaders.UDP_LENGTH || own > length) {
                return Verdict.WRONG;
            }
            length = own;
        }
        if (length < ip.transportLength()) {
            return Verdict.WRONG;
        }
        int sum = pseudoHeader(packet, ip, length) + InternetChecksum.sum(packet, base + start, length);
        return InternetChecksum.fold(sum) == 0xFFFF ? Verdict.VALID : Verdict.WRONG;
    }

    /**
     * Turns the outermost transport checksum into a partial one: stores the sum of the pseudo header, and
     * says so in the header. What the checksum was does not matter.
     *
     * @param packet its readable bytes, which are changed
     * @param headers of the packet
     * @param header gets {@code NEEDS_CSUM}, {@code csum_start} and {@code csum_offset}
     * @return whether there was such a checksum; if not, nothing is changed
     */
    public static boolean makePartial(ByteBuf packet, PacketHeaders headers, NetHeader header) {
        IpHeaders ip = headers.ip();
        int start = ip.transportOffset();
        // The checksum is going to cover the packet up to its end.
        if (start == IpHeaders.NONE || ip.checksummedDestination() == IpHeaders.NONE
                || ip.end() != packet.readableBytes()) {
            return false;
        }
        int offset = ip.isTcp() ? IN_TCP : IN_UDP;
        packet.setShort(packet.readerIndex() + start + offset,
                InternetChecksum.fold(pseudoHeader(packet, ip, ip.end() - start)));
        header.partialCsum(start, offset);
        return true;
    }

    /** The sum of the pseudo header: addresses, protocol, length of what the transport carries. */
    static int pseudoHeader(ByteBuf packet, IpHeaders ip, int length) {
        return addresses(packet, ip) + ip.protocol() + length;
    }

    /** The sum of the addresses that a transport checksum covers. */
    static int addresses(ByteBuf packet, IpHeaders ip) {
        int base = packet.readerIndex();
        return InternetChecksum.sum(packet, base + ip.checksummedSource(), ip.addressLength())
                + InternetChecksum.sum(packet, base + ip.checksummedDestination(), ip.addressLength());
    }
}
