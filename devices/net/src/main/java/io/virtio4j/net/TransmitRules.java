// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net;

import io.netty.buffer.ByteBuf;
import io.virtio4j.core.device.FeatureSet;
import io.virtio4j.net.packet.NetHeader;
import io.virtio4j.net.packet.Offload;
import io.virtio4j.net.packet.OffloadSet;
import io.virtio4j.net.packet.Segmenter;

/** What a driver may ask of the device for a packet, by what was negotiated. [Packet Transmission] */
final class TransmitRules {

    private final OffloadSet allowed;
    private final Segmenter segmenter;

    TransmitRules(FeatureSet negotiated, Segmenter segmenter) {
        this.allowed = Offloads.ofDevice(negotiated);
        this.segmenter = segmenter;
    }

    /**
     * Checks a header against its packet, and clears what means nothing.
     *
     * @return false if the packet must not be accepted
     */
    boolean admit(ByteBuf packet, NetHeader header) {
        if (!segmenter.check(packet, header).isNone()) {
            return false;
        }
        // > The device MUST ignore flag bits that it does not recognize. [Packet Transmission]
        // DATA_VALID and RSC_INFO are not for the driver to set; RSC_INFO would change what others mean.
        header.flags(header.flags() & (NetHeader.F_NEEDS_CSUM | NetHeader.F_UDP_TUNNEL_CSUM));
        // > If VIRTIO_NET_HDR_F_NEEDS_CSUM bit in flags is not set, the device MUST NOT use the csum_start
        // > and csum_offset. [Packet Transmission]
        if (!header.needsCsum()) {
            header.csum(0, 0);
        }
        // > [...] are not set, the device MUST NOT use the outer_th_offset and inner_nh_offset.
        if (!header.isUdpTunnel()) {
            header.tunnel(0, 0);
        }
        int length = packet.readableBytes();
        if (header.outerNhOffset() >= length) {
            header.outerNhOffset(0);
        }
        if (header.isGso()) {
            // > The device MUST NOT rely on hdr_len to be correct. [Packet Transmission]
            LargePacket.describe(packet, header);
        } else {
            header.gso(NetHeader.GSO_NONE, 0).hdrLen(Math.min(header.hdrLen(), length));
        }
        return isAllowed(header);
    }

    private boolean isAllowed(NetHeader header) {
        // The ECN bit says what the segments are; it asks for nothing that software cannot do.
        return allowed.takes(header)
                || header.isEcn() && !allowed.has(Offload.ECN) && allowed.takes(withoutEcn(header));
    }

    private static NetHeader withoutEcn(NetHeader header) {
        return header.gso(header.gsoType() & ~NetHeader.GSO_ECN, header.gsoSize());
    }
}
