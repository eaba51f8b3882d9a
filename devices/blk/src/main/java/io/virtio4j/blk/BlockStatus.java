// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.blk;

/** The status byte of a request. [Block Device / Device Operation] */
public enum BlockStatus {
    /** Done. */
    OK(0),
    /** The device or the driver erred. */
    IOERR(1),
    /** The device does not do such requests. */
    UNSUPP(2),
    /** The zone, its state or the range does not allow the request. */
    ZONE_INVALID_CMD(3),
    /** A write does not start at the write pointer, or does not end at the write granularity. */
    ZONE_UNALIGNED_WP(4),
    /** {@code max_open_zones} would be passed. */
    ZONE_OPEN_RESOURCE(5),
    /** {@code max_active_zones} would be passed. */
    ZONE_ACTIVE_RESOURCE(6);

    private final int code;

    BlockStatus(int code) {
        this.code = code;
    }

    /** The value on the wire. */
    public int code() {
        return code;
    }

    boolean isOfZones() {
        return code >= ZONE_INVALID_CMD.code;
    }
}
