// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.virtio4j.core.device.FeatureSet;
import io.virtio4j.core.queue.ChainWriter;
import io.virtio4j.net.packet.NetHeader;
import io.virtio4j.net.packet.NetHeaderLayout;
import io.virtio4j.net.packet.Offload;
import io.virtio4j.net.packet.OffloadSet;
import io.virtio4j.net.packet.PacketHeaders;
import io.virtio4j.net.packet.Segmenter;
import java.lang.foreign.MemorySegment;

/**
 * The packet that a receive queue is delivering: as it is, if the driver takes it so; otherwise checksummed,
 * or cut into segments, which are delivered one by one. [Processing of Incoming Packets]
 */
final class IncomingPacket {

    private static final int TYPE_AT = 12;
    private static final int VLAN_LENGTH = PacketHeaders.VLAN_LENGTH;
    private static final int MOST_TAGS = 2;

    private final int headerSize;
    private final boolean hashReport;
    private final boolean outerOffset;
    private final boolean coalescedCount;
    private final boolean mayCsum;

    private final Segmenter segmenter = new Segmenter();
    private final PacketHeaders headers = new PacketHeaders();
    private final NetHeader outgoing = new NetHeader();
    private final MemorySegment bytes = MemorySegment.ofArray(new byte[NetHeaderLayout.SIZE_WITH_OUTER]);

    /** A segment that does not fit in one piece of guest memory is made here first. */
    private ByteBuf staging = Unpooled.EMPTY_BUFFER;

    private ByteBuf packet = Unpooled.EMPTY_BUFFER;
    private boolean cut;
    private int next;
    private int count;
    private int hashValue;
    private int hashReportType;

    IncomingPacket(FeatureSet negotiated, int headerSize) {
        this.headerSize = headerSize;
        this.hashReport = negotiated.has(NetFeature.HASH_REPORT);
        this.outerOffset = negotiated.has(NetFeature.OUT_NET_HEADER);
        this.coalescedCount = negotiated.has(NetFeature.RSC_EXT);
        this.mayCsum = negotiated.has(NetFeature.GUEST_CSUM);
    }

    /**
     * Looks at a packet, which belongs to somebody else who keeps it until {@link #forget()}.
     *
     * @param header may be changed
     * @param driver what the driver takes upon itself
     * @return false if the packet cannot be delivered
     */
    boolean prepare(ByteBuf newPacket, NetHeader header, OffloadSet driver, int hash, int report) {
        if (!segmenter.check(newPacket, header).isNone()) {
            return false;
        }
        packet = newPacket;
        hashValue = hash;
        hashReportType = report;
        next = 0;
        cut = false;
        count = 1;
        if (header.isGso()) {
            LargePacket.describe(newPacket, header);
        } else {
            header.gso(NetHeader.GSO_NONE, 0);
        }
        boolean mayValidate = mayCsum && driver.has(Offload.CSUM);
        if (takes(driver, header)) {
            passOn(header, mayValidate);
            return true;
        }
        if (!segmenter.prepare(newPacket, header).isNone()) {
            return false;
        }
        cut = header.isGso();
        count = segmenter.count();
        // Checksums that were made here are valid.
        outgoing.clear().flags(mayValidate ? NetHeader.F_DATA_VALID : 0);
        return true;
    }

    /** Whether the driver takes a packet as it is; also where its type does not tell all that matters. */
    private boolean takes(OffloadSet driver, NetHeader header) {
        if (driver.takes(header)) {
            return true;
        }
        if (header.gsoType() != NetHeader.GSO_UDP_L4 || !driver.has(Offload.CSUM)) {
            return false;
        }
        headers.parse(packet);
        return driver.has(headers.ip().version() == 4 ? Offload.USO4 : Offload.USO6);
    }

    private void passOn(NetHeader header, boolean mayValidate) {
        outgoing.set(header);
        // > If VIRTIO_NET_F_GUEST_CSUM is not negotiated, the device MUST set flags to zero
        // > [Processing of Incoming Packets]
        int kept = NetHeader.F_NEEDS_CSUM | NetHeader.F_UDP_TUNNEL_CSUM;
        // > [...] are set, the device MUST NOT set the VIRTIO_NET_HDR_F_DATA_VALID bit
        if (!header.isUdpTunnel()) {
            kept |= NetHeader.F_DATA_VALID;
        }
        outgoing.flags(mayValidate ? header.flags() & kept : 0);
        if (!outgoing.needsCsum()) {
            outgoing.csum(0, 0);
        }
        if (!outgoing.isUdpTunnel()) {
            outgoing.tunnel(0, 0);
        }
        if (outgoing.isGso() && coalescedCount) {
            // > set csum_start to number of coalesced TCP segments and set csum_offset to number of received
            // > duplicated ACK segments [Processing of Incoming Packets]. This device swallows none of those.
            outgoing.csum(LargePacket.segments(packet, header), 0)
                    .flags(outgoing.flags() | NetHeader.F_RSC_INFO);
        }
        if (!outgoing.isGso()) {
            outgoing.hdrLen(0);
        }
    }

    /** What the driver is told about the packet. */
    NetHeader outgoing() {
        return outgoing;
    }

    /** Bytes of the packet, or of the segment, that is next. */
    int nextLength() {
        return cut ? segmenter.length(next) : packet.readableBytes();
    }

    /**
     * > MUST NOT pass received packets that exceed mtu [Device configuration layout]
     *
     * @param mtu 0 if none was negotiated
     */
    boolean isTooLong(int mtu) {
        return mtu != 0 && !outgoing.isGso() && nextLength() > mtu + networkOffset(packet);
    }

    /** Where the network header is: behind Ethernet and up to two tags. */
    private static int networkOffset(ByteBuf packet) {
        int offset = PacketHeaders.ETHERNET_LENGTH;
        for (int tags = 0; tags < MOST_TAGS && offset + VLAN_LENGTH <= packet.readableBytes()
                && PacketHeaders.isVlan(etherType(packet, offset)); tags++) {
            offset += VLAN_LENGTH;
        }
        return offset;
    }

    private static int etherType(ByteBuf packet, int behind) {
        return packet.getUnsignedShort(packet.readerIndex() + behind - (PacketHeaders.ETHERNET_LENGTH - TYPE_AT));
    }

    // ── Delivering ─────────────────────────────────────────────────────────

    /** Writes the header. */
    void writeHeader(ChainWriter writer, int buffers) {
        if (outerOffset && outgoing.outerNhOffset() == 0) {
            int at = networkOffset(packet);
            int type = etherType(packet, at);
            outgoing.outerNhOffset(type == PacketHeaders.IPV4 || type == PacketHeaders.IPV6 ? at : 0);
        }
        NetHeaderLayout.write(outgoing, bytes, 0, headerSize);
        NetHeaderLayout.NUM_BUFFERS.set(bytes, 0, buffers);
        if (hashReport) {
            NetHeaderLayout.HASH_VALUE.set(bytes, 0, Integer.toUnsignedLong(hashValue));
            NetHeaderLayout.HASH_REPORT.set(bytes, 0, hashReportType);
        }
        writer.write(bytes, 0, headerSize);
    }

    /** What remains of the packet, or of the segment, to be written: its readable bytes. */
    ByteBuf payload() {
        if (!cut) {
            return packet;
        }
        if (staging.capacity() == 0) {
            staging = UnpooledByteBufAllocator.DEFAULT.directBuffer(NetDevice.MOST_PACKET);
        }
        staging.clear();
        segmenter.write(next, staging);
        return staging;
    }

    /** Writes a segment straight to guest memory, if that is in one piece there. */
    boolean writeDirectly(ChainWriter writer) {
        int length = nextLength();
        if (!cut || writer.contiguous(length) < length) {
            return false;
        }
        ByteBuf view = writer.view(length);
        segmenter.write(next, view.writerIndex(0));
        writer.advance(length);
        return true;
    }

    /** Goes on to the next segment; false if there is none. */
    boolean advance() {
        return ++next < count;
    }

    /** The packet is not used any more. */
    void forget() {
        packet = Unpooled.EMPTY_BUFFER;
        count = 0;
        next = 0;
        cut = false;
    }

    void close() {
        forget();
        ByteBuf held = staging;
        staging = Unpooled.EMPTY_BUFFER;
        if (held.capacity() != 0) {
            held.release();
        }
    }
}
