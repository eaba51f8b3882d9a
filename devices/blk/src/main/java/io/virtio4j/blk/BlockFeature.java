// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.blk;

import io.virtio4j.core.device.Feature;

/**
 * Feature bits of the block device. [Block Device / Feature bits]
 *
 * <p>None requires another to be accepted: CONFIG_WCE has to be offered together with FLUSH, but a driver
 * may take it alone.
 */
public enum BlockFeature implements Feature {
    /** The largest segment is in {@code size_max}. */
    SIZE_MAX(1),
    /** The most segments of a request are in {@code seg_max}. */
    SEG_MAX(2),
    /** A disk-style geometry is in {@code geometry}. */
    GEOMETRY(4),
    /** The device is read-only. */
    RO(5),
    /** The block size is in {@code blk_size}. */
    BLK_SIZE(6),
    /** The device has a cache that FLUSH empties. */
    FLUSH(9),
    /** Hints for alignment and size are in {@code topology}. */
    TOPOLOGY(10),
    /** The driver can switch between writeback and writethrough. */
    CONFIG_WCE(11),
    /** The device has several queues. */
    MQ(12),
    /** DISCARD. */
    DISCARD(13),
    /** WRITE_ZEROES. */
    WRITE_ZEROES(14),
    /** GET_LIFETIME. */
    LIFETIME(15),
    /** SECURE_ERASE. */
    SECURE_ERASE(16),
    /** The device is a zoned block device. */
    ZONED(17);

    private final int bit;

    BlockFeature(int bit) {
        this.bit = bit;
    }

    @Override
    public int bit() {
        return bit;
    }
}
