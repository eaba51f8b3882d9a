// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.i2c;

import io.virtio4j.core.device.Feature;

/** Feature bits of the I2C adapter. [I2C Adapter Device / Feature bits] */
public enum I2cFeature implements Feature {
    /** Zero-length requests, and the flag M_RD. The driver has to accept it. */
    ZERO_LENGTH_REQUEST(0);

    private final int bit;

    I2cFeature(int bit) {
        this.bit = bit;
    }

    @Override
    public int bit() {
        return bit;
    }
}
