// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.sound;

import io.virtio4j.core.device.Feature;

/** Feature bits of the sound device. [Sound Device / Feature Bits] */
public enum SoundFeature implements Feature {
    /** Control elements. */
    CTLS(0);

    private final int bit;

    SoundFeature(int bit) {
        this.bit = bit;
    }

    @Override
    public int bit() {
        return bit;
    }
}
