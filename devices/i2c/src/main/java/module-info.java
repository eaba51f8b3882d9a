// SPDX-License-Identifier: Apache-2.0

/** The I2C adapter device and the buses behind it. */
module io.virtio4j.i2c {
    requires static transitive org.jspecify;
    requires transitive io.virtio4j.core;
    requires org.slf4j;

    exports io.virtio4j.i2c;
    exports io.virtio4j.i2c.simulated;
}
