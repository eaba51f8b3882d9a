// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net.backend;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.virtio4j.net.packet.NetHeader;
import io.virtio4j.net.packet.PacketHeaders;

/** The first tag of a frame: read, put in, taken out. The offsets beside the frame move with it. */
final class VlanTag {

    private static final int ADDRESSES = 12;
    private static final int LENGTH = PacketHeaders.VLAN_LENGTH;

    private VlanTag() {}

    static boolean isTagged(ByteBuf frame) {
        return frame.readableBytes() >= PacketHeaders.ETHERNET_LENGTH + LENGTH
                && frame.getUnsignedShort(frame.readerIndex() + ADDRESSES) == PacketHeaders.VLAN;
    }

    /** The VLAN in the tag; 0 if there is no tag. */
    static int read(ByteBuf frame) {
        return isTagged(frame) ? frame.getUnsignedShort(frame.readerIndex() + ADDRESSES + 2) & 0xFFF : 0;
    }

    /** Names another VLAN in a tag that is there; the priority stays. */
    static void rename(ByteBuf frame, int vlan) {
        int at = frame.readerIndex() + ADDRESSES + 2;
        frame.setShort(at, frame.getUnsignedShort(at) & 0xF000 | vlan);
    }

    static void remove(ByteBuf frame, NetHeader header) {
        int at = frame.readerIndex();
        frame.setInt(at + LENGTH + 8, frame.getInt(at + 8));
        frame.setInt(at + LENGTH + 4, frame.getInt(at + 4));
        frame.setInt(at + LENGTH, frame.getInt(at));
        frame.skipBytes(LENGTH);
        move(header, -LENGTH);
    }

    /**
     * Puts a tag in.
     *
     * @param frame belongs to the result
     * @return the frame, or a copy if there was no room before it
     */
    static ByteBuf insert(ByteBuf frame, int vlan, NetHeader header) {
        move(header, LENGTH);
        int at = frame.readerIndex();
        if (at >= LENGTH) {
            frame.setInt(at - LENGTH, frame.getInt(at));
            frame.setInt(at - LENGTH + 4, frame.getInt(at + 4));
            frame.setInt(at - LENGTH + 8, frame.getInt(at + 8));
            frame.readerIndex(at - LENGTH);
            frame.setInt(at - LENGTH + ADDRESSES, PacketHeaders.VLAN << 16 | vlan);
            return frame;
        }
        int length = frame.readableBytes();
        ByteBuf copy = ByteBufAllocator.DEFAULT.directBuffer(length + LENGTH);
        copy.writeBytes(frame, at, ADDRESSES);
        copy.writeInt(PacketHeaders.VLAN << 16 | vlan);
        copy.writeBytes(frame, at + ADDRESSES, length - ADDRESSES);
        frame.release();
        return copy;
    }

    private static void move(NetHeader header, int by) {
        if (header.needsCsum()) {
            header.csum(header.csumStart() + by, header.csumOffset());
        }
        if (header.hdrLen() != 0) {
            header.hdrLen(header.hdrLen() + by);
        }
        if (header.isUdpTunnel()) {
            header.tunnel(header.outerThOffset() + by, header.innerNhOffset() + by);
        }
        if (header.outerNhOffset() != 0) {
            header.outerNhOffset(header.outerNhOffset() + by);
        }
    }
}
