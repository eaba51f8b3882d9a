// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net;

import io.netty.buffer.ByteBuf;
import io.virtio4j.net.packet.NetHeader;

/** What can be told of a packet that is to be segmented, once its header was checked. */
final class LargePacket {

    private static final int TCP_OFFSET_AT = 12;
    private static final int TCP_FLAGS_AT = 13;
    private static final int TCP_CWR = 0x80;
    private static final int UDP_HEADER = 8;

    private LargePacket() {}

    private static boolean isTcp(NetHeader header) {
        return header.segmentation() == NetHeader.GSO_TCPV4 || header.segmentation() == NetHeader.GSO_TCPV6;
    }

    /** Sets {@code hdr_len} and the ECN bit to what the packet is, whatever its sender said. */
    static void describe(ByteBuf packet, NetHeader header) {
        int transport = packet.readerIndex() + header.csumStart();
        if (!isTcp(header)) {
            header.hdrLen(header.csumStart() + UDP_HEADER);
            header.gso(header.gsoType() & ~NetHeader.GSO_ECN, header.gsoSize());
            return;
        }
        int length = (packet.getUnsignedByte(transport + TCP_OFFSET_AT) >>> 4) * 4;
        boolean cwr = (packet.getUnsignedByte(transport + TCP_FLAGS_AT) & TCP_CWR) != 0;
        int type = header.gsoType() & ~NetHeader.GSO_ECN | (cwr ? NetHeader.GSO_ECN : 0);
        header.hdrLen(header.csumStart() + length).gso(type, header.gsoSize());
    }

    /** How many segments a packet stands for; its header was described. */
    static int segments(ByteBuf packet, NetHeader header) {
        int payload = Math.max(1, packet.readableBytes() - header.hdrLen());
        return (payload + header.gsoSize() - 1) / header.gsoSize();
    }
}
