// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.blk;

import io.virtio4j.core.wire.Le16;
import io.virtio4j.core.wire.Le32;
import io.virtio4j.core.wire.Le64;
import io.virtio4j.core.wire.StructLayout;
import io.virtio4j.core.wire.U8;

/** {@code struct virtio_blk_config}. [Block Device / Device configuration layout] */
final class BlockConfig {

    static final StructLayout LAYOUT = StructLayout.of("virtio_blk_config");

    static final Le64 CAPACITY = LAYOUT.le64("capacity"); // 512-byte sectors
    static final Le32 SIZE_MAX = LAYOUT.le32("size_max");
    static final Le32 SEG_MAX = LAYOUT.le32("seg_max");
    static final Le16 CYLINDERS = LAYOUT.le16("geometry.cylinders");
    static final U8 HEADS = LAYOUT.u8("geometry.heads");
    static final U8 SECTORS = LAYOUT.u8("geometry.sectors");
    static final Le32 BLK_SIZE = LAYOUT.le32("blk_size");
    static final U8 PHYSICAL_BLOCK_EXP = LAYOUT.u8("topology.physical_block_exp");
    static final U8 ALIGNMENT_OFFSET = LAYOUT.u8("topology.alignment_offset");
    static final Le16 MIN_IO_SIZE = LAYOUT.le16("topology.min_io_size");
    static final Le32 OPT_IO_SIZE = LAYOUT.le32("topology.opt_io_size");
    static final U8 WRITEBACK = LAYOUT.u8("writeback");
    static final U8 UNUSED0 = LAYOUT.u8("unused0");
    static final Le16 NUM_QUEUES = LAYOUT.le16("num_queues");
    static final Le32 MAX_DISCARD_SECTORS = LAYOUT.le32("max_discard_sectors");
    static final Le32 MAX_DISCARD_SEG = LAYOUT.le32("max_discard_seg");
    static final Le32 DISCARD_SECTOR_ALIGNMENT = LAYOUT.le32("discard_sector_alignment");
    static final Le32 MAX_WRITE_ZEROES_SECTORS = LAYOUT.le32("max_write_zeroes_sectors");
    static final Le32 MAX_WRITE_ZEROES_SEG = LAYOUT.le32("max_write_zeroes_seg");
    static final U8 WRITE_ZEROES_MAY_UNMAP = LAYOUT.u8("write_zeroes_may_unmap");
    static final int UNUSED1 = LAYOUT.bytes("unused1", 3);
    static final Le32 MAX_SECURE_ERASE_SECTORS = LAYOUT.le32("max_secure_erase_sectors");
    static final Le32 MAX_SECURE_ERASE_SEG = LAYOUT.le32("max_secure_erase_seg");
    static final Le32 SECURE_ERASE_SECTOR_ALIGNMENT = LAYOUT.le32("secure_erase_sector_alignment");
    static final Le32 ZONE_SECTORS = LAYOUT.le32("zoned.zone_sectors");
    static final Le32 MAX_OPEN_ZONES = LAYOUT.le32("zoned.max_open_zones");
    static final Le32 MAX_ACTIVE_ZONES = LAYOUT.le32("zoned.max_active_zones");
    static final Le32 MAX_APPEND_SECTORS = LAYOUT.le32("zoned.max_append_sectors");
    static final Le32 WRITE_GRANULARITY = LAYOUT.le32("zoned.write_granularity"); // bytes
    static final U8 MODEL = LAYOUT.u8("zoned.model");
    static final int UNUSED2 = LAYOUT.bytes("zoned.unused2", 3);

    static final int SIZE = LAYOUT.size(96);

    private BlockConfig() {}
}
