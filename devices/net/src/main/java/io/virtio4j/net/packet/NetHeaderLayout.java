// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net.packet;

import io.virtio4j.core.wire.Le16;
import io.virtio4j.core.wire.Le32;
import io.virtio4j.core.wire.StructLayout;
import io.virtio4j.core.wire.U8;
import java.lang.foreign.MemorySegment;

/**
 * {@code struct virtio_net_hdr}: little-endian, packed, and cut off after the last field that was
 * negotiated. [Device Operation]
 *
 * <p>Also the header in front of packets of other programs that know it, such as a TAP.
 */
public final class NetHeaderLayout {

    /** The structure. */
    static final StructLayout LAYOUT = StructLayout.of("virtio_net_hdr");

    private static final U8 FLAGS = LAYOUT.u8("flags");
    private static final U8 GSO_TYPE = LAYOUT.u8("gso_type");
    private static final Le16 HDR_LEN = LAYOUT.le16("hdr_len");
    private static final Le16 GSO_SIZE = LAYOUT.le16("gso_size");
    private static final Le16 CSUM_START = LAYOUT.le16("csum_start");
    private static final Le16 CSUM_OFFSET = LAYOUT.le16("csum_offset");
    /** {@code num_buffers}; 0 from the driver. */
    public static final Le16 NUM_BUFFERS = LAYOUT.le16("num_buffers");
    /** {@code hash_value}. */
    public static final Le32 HASH_VALUE = LAYOUT.le32("hash_value");
    /** {@code hash_report}. */
    public static final Le16 HASH_REPORT = LAYOUT.le16("hash_report");
    private static final Le16 PADDING_RESERVED = LAYOUT.le16("padding_reserved");
    private static final Le16 OUTER_TH_OFFSET = LAYOUT.le16("outer_th_offset");
    private static final Le16 INNER_NH_OFFSET = LAYOUT.le16("inner_nh_offset");
    private static final Le16 OUTER_NH_OFFSET = LAYOUT.le16("outer_nh_offset");
    // u8 padding_reserved_2[6]
    private static final Le32 PADDING_RESERVED_2 = LAYOUT.le32("padding_reserved_2[0..3]");
    private static final Le16 PADDING_RESERVED_2_END = LAYOUT.le16("padding_reserved_2[4..5]");

    /** Up to {@code csum_offset}: the header of the legacy interface without MRG_RXBUF, and of many TAPs. */
    public static final int SIZE_WITHOUT_NUM_BUFFERS = NUM_BUFFERS.offset();
    /** Bytes if nothing else was negotiated. */
    public static final int SIZE = HASH_VALUE.offset();
    /** Bytes with HASH_REPORT. */
    public static final int SIZE_WITH_HASH = OUTER_TH_OFFSET.offset();
    /** Bytes with one of the features UDP_TUNNEL_GSO. */
    public static final int SIZE_WITH_TUNNEL = OUTER_NH_OFFSET.offset();
    /** Bytes with OUT_NET_HEADER. */
    public static final int SIZE_WITH_OUTER = LAYOUT.size(32);

    private NetHeaderLayout() {}

    /**
     * Reads the offload fields.
     *
     * @param from holds at least {@code size} bytes at {@code at}
     * @param size one of the sizes; fields beyond it are 0
     */
    public static void read(MemorySegment from, long at, int size, NetHeader into) {
        into.clear()
                .flags(FLAGS.get(from, at))
                .gso(GSO_TYPE.get(from, at), GSO_SIZE.get(from, at))
                .hdrLen(HDR_LEN.get(from, at))
                .csum(CSUM_START.get(from, at), CSUM_OFFSET.get(from, at));
        if (size >= SIZE_WITH_TUNNEL) {
            into.tunnel(OUTER_TH_OFFSET.get(from, at), INNER_NH_OFFSET.get(from, at));
        }
        if (size >= SIZE_WITH_OUTER) {
            into.outerNhOffset(OUTER_NH_OFFSET.get(from, at));
        }
    }

    /**
     * Writes the offload fields, and zeroes the others.
     *
     * @param size one of the sizes; nothing beyond it is written
     */
    public static void write(NetHeader from, MemorySegment into, long at, int size) {
        FLAGS.set(into, at, from.flags());
        GSO_TYPE.set(into, at, from.gsoType());
        HDR_LEN.set(into, at, from.hdrLen());
        GSO_SIZE.set(into, at, from.gsoSize());
        CSUM_START.set(into, at, from.csumStart());
        CSUM_OFFSET.set(into, at, from.csumOffset());
        if (size >= SIZE) {
            NUM_BUFFERS.set(into, at, 0);
        }
        if (size >= SIZE_WITH_HASH) {
            HASH_VALUE.set(into, at, 0);
            HASH_REPORT.set(into, at, 0);
            PADDING_RESERVED.set(into, at, 0);
        }
        if (size >= SIZE_WITH_TUNNEL) {
            OUTER_TH_OFFSET.set(into, at, from.outerThOffset());
            INNER_NH_OFFSET.set(into, at, from.innerNhOffset());
        }
        if (size >= SIZE_WITH_OUTER) {
            OUTER_NH_OFFSET.set(into, at, from.outerNhOffset());
            PADDING_RESERVED_2.set(into, at, 0);
            PADDING_RESERVED_2_END.set(into, at, 0);
        }
    }
}
