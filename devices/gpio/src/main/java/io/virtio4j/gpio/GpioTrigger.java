// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpio;

import org.jspecify.annotations.Nullable;

/** What makes a line interrupt. [requestq Operation / Set IRQ Type] */
public enum GpioTrigger {
    /** Nothing: the interrupt is disabled. */
    NONE(0),
    /** A change to high. */
    EDGE_RISING(1),
    /** A change to low. */
    EDGE_FALLING(2),
    /** Every change. */
    EDGE_BOTH(3),
    /** Being high. */
    LEVEL_HIGH(4),
    /** Being low. */
    LEVEL_LOW(8);

    private static final @Nullable GpioTrigger[] BY_CODE = new @Nullable GpioTrigger[9];

    static {
        for (GpioTrigger trigger : values()) {
            BY_CODE[trigger.code] = trigger;
        }
    }

    private final int code;

    GpioTrigger(int code) {
        this.code = code;
    }

    /** The value of {@code VIRTIO_GPIO_IRQ_TYPE_*}. */
    int code() {
        return code;
    }

    /** The trigger with this value, or {@code null}. */
    static @Nullable GpioTrigger of(long code) {
        return code >= 0 && code < BY_CODE.length ? BY_CODE[(int) code] : null;
    }

    /** Whether changes trigger, which are latched. */
    public boolean isEdge() {
        return code >= EDGE_RISING.code && code <= EDGE_BOTH.code;
    }

    /** Whether a level triggers, for as long as it lasts. */
    public boolean isLevel() {
        return code >= LEVEL_HIGH.code;
    }

    /** Whether a change to this level is an edge that triggers, or begins a level that does. */
    boolean isMetBy(boolean high) {
        return switch (this) {
            case NONE -> false;
            case EDGE_BOTH -> true;
            case EDGE_RISING, LEVEL_HIGH -> high;
            case EDGE_FALLING, LEVEL_LOW -> !high;
        };
    }
}
