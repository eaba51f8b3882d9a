// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpio;

import org.jspecify.annotations.Nullable;

/** What the driver uses a line for. [requestq Operation] */
public enum GpioDirection {
    /** Not in use. */
    NONE(0),
    /** The driver drives it. */
    OUT(1),
    /** The driver listens to it. */
    IN(2);

    private static final GpioDirection[] ALL = values();

    private final int code;

    GpioDirection(int code) {
        this.code = code;
    }

    /** The value of {@code VIRTIO_GPIO_DIRECTION_*}. */
    int code() {
        return code;
    }

    /** The direction with this value, or {@code null}. */
    static @Nullable GpioDirection of(long code) {
        return code >= 0 && code < ALL.length ? ALL[(int) code] : null;
    }
}
