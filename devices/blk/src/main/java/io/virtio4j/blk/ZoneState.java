// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.blk;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** {@code z_state} of a zone. [Block Device / Device Operation] */
public enum ZoneState {
    /** Conventional zones have no write pointer. */
    NOT_WP(0),
    /** Nothing is written. */
    EMPTY(1),
    /** Open, because it was written to. */
    IOPEN(2),
    /** Open, because the driver opened it. */
    EOPEN(3),
    /** Partly written, not open. */
    CLOSED(4),
    /** Failed: can be read only. */
    RDONLY(13),
    /** Nothing more can be written. */
    FULL(14),
    /** Failed: can neither be read nor written. */
    OFFLINE(15);

    private final int code;

    ZoneState(int code) {
        this.code = code;
    }

    /** The value on the wire. */
    public int code() {
        return code;
    }

    /** Whether the zone takes an open resource. */
    boolean isOpen() {
        return this == IOPEN || this == EOPEN;
    }

    /** Whether the zone takes an active resource. */
    boolean isActive() {
        return isOpen() || this == CLOSED;
    }

    static @Nullable ZoneState of(int code) {
        return Arrays.stream(values()).filter(state -> state.code == code).findFirst().orElse(null);
    }
}
