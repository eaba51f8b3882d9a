// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.blk;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

/** [Block Device / Device configuration layout] */
class BlockConfigTest {

    @Test
    void the_layout_is_the_specifications() {
        String expected = """
                struct virtio_blk_config {
                    /*   0 */ le64 capacity;
                    /*   8 */ le32 size_max;
                    /*  12 */ le32 seg_max;
                    /*  16 */ le16 geometry.cylinders;
                    /*  18 */ u8 geometry.heads;
                    /*  19 */ u8 geometry.sectors;
                    /*  20 */ le32 blk_size;
                    /*  24 */ u8 topology.physical_block_exp;
                    /*  25 */ u8 topology.alignment_offset;
                    /*  26 */ le16 topology.min_io_size;
                    /*  28 */ le32 topology.opt_io_size;
                    /*  32 */ u8 writeback;
                    /*  33 */ u8 unused0;
                    /*  34 */ le16 num_queues;
                    /*  36 */ le32 max_discard_sectors;
                    /*  40 */ le32 max_discard_seg;
                    /*  44 */ le32 discard_sector_alignment;
                    /*  48 */ le32 max_write_zeroes_sectors;
                    /*  52 */ le32 max_write_zeroes_seg;
                    /*  56 */ u8 write_zeroes_may_unmap;
                    /*  57 */ u8[3] unused1;
                    /*  60 */ le32 max_secure_erase_sectors;
                    /*  64 */ le32 max_secure_erase_seg;
                    /*  68 */ le32 secure_erase_sector_alignment;
                    /*  72 */ le32 zoned.zone_sectors;
                    /*  76 */ le32 zoned.max_open_zones;
                    /*  80 */ le32 zoned.max_active_zones;
                    /*  84 */ le32 zoned.max_append_sectors;
                    /*  88 */ le32 zoned.write_granularity;
                    /*  92 */ u8 zoned.model;
                    /*  93 */ u8[3] zoned.unused2;
                }; /* 96 bytes */""";

        assertEquals(expected, BlockConfig.LAYOUT.toString());
    }
}
