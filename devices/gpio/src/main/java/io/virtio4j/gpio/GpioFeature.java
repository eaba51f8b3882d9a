// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpio;

import io.virtio4j.core.device.Feature;

/** Feature bits of the GPIO device. [GPIO Device / Feature bits] */
public enum GpioFeature implements Feature {
    /** The device supports interrupts on lines, and has an event queue. */
    IRQ(0);

    private final int bit;

    GpioFeature(int bit) {
        this.bit = bit;
    }

    @Override
    public int bit() {
        return bit;
    }
}
