// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net.packet;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

/** [Network Device / Device Operation] */
class NetHeaderLayoutTest {

    @Test
    void the_layout_is_the_specifications() {
        String expected = """
                struct virtio_net_hdr {
                    /*   0 */ u8 flags;
                    /*   1 */ u8 gso_type;
                    /*   2 */ le16 hdr_len;
                    /*   4 */ le16 gso_size;
                    /*   6 */ le16 csum_start;
                    /*   8 */ le16 csum_offset;
                    /*  10 */ le16 num_buffers;
                    /*  12 */ le32 hash_value;
                    /*  16 */ le16 hash_report;
                    /*  18 */ le16 padding_reserved;
                    /*  20 */ le16 outer_th_offset;
                    /*  22 */ le16 inner_nh_offset;
                    /*  24 */ le16 outer_nh_offset;
                    /*  26 */ le32 padding_reserved_2[0..3];
                    /*  30 */ le16 padding_reserved_2[4..5];
                }; /* 32 bytes */""";

        assertEquals(expected, NetHeaderLayout.LAYOUT.toString());
    }

    @Test
    void each_size_holds_its_fields_and_nothing_beyond_it_is_touched() {
        NetHeader header = new NetHeader().flags(9).gso(0x21, 1448).hdrLen(66).csum(84, 16)
                .tunnel(34, 50).outerNhOffset(14);
        for (int size : new int[] {10, 12, 20, 24, 32}) {
            byte[] bytes = new byte[40];
            MemorySegment segment = MemorySegment.ofArray(bytes);
            segment.fill((byte) 0x5A);

            NetHeaderLayout.write(header, segment, 1, size);
            NetHeader back = new NetHeader();
            NetHeaderLayout.read(segment, 1, size, back);

            NetHeader expected = new NetHeader().set(header);
            if (size < 24) {
                expected.tunnel(0, 0);
            }
            if (size < 32) {
                expected.outerNhOffset(0);
            }
            assertEquals(expected.toString(), back.toString(), "size=" + size);
            assertEquals(0x5A, segment.get(ValueLayout.JAVA_BYTE, 0));
            for (int at = 1 + size; at < 40; at++) {
                assertEquals(0x5A, segment.get(ValueLayout.JAVA_BYTE, at), "size=" + size + " at=" + at);
            }
        }
    }
}
