// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.blk;

import java.util.Arrays;

/** {@code virtio_blk_req.type}. [Block Device / Device Operation] */
enum BlockRequestType {
    IN(0),
    OUT(1),
    FLUSH(4),
    GET_ID(8),
    GET_LIFETIME(10),
    DISCARD(11),
    WRITE_ZEROES(13),
    SECURE_ERASE(14),
    ZONE_APPEND(15),
    ZONE_REPORT(16),
    ZONE_OPEN(18),
    ZONE_CLOSE(20),
    ZONE_FINISH(22),
    ZONE_RESET(24),
    ZONE_RESET_ALL(26),
    /** Anything else; the legacy types among it. */
    UNKNOWN(-1);

    private static final BlockRequestType[] BY_CODE = new BlockRequestType[ZONE_RESET_ALL.code + 1];

    static {
        Arrays.fill(BY_CODE, UNKNOWN);
        for (BlockRequestType type : values()) {
            if (type != UNKNOWN) {
                BY_CODE[type.code] = type;
            }
        }
    }

    private final int code;

    BlockRequestType(int code) {
        this.code = code;
    }

    int code() {
        return code;
    }

    /** The type with this code; {@link #UNKNOWN} if there is none. */
    static BlockRequestType of(long wire) {
        return wire >= 0 && wire < BY_CODE.length ? BY_CODE[(int) wire] : UNKNOWN;
    }
}
