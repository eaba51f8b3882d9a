// SPDX-License-Identifier: Apache-2.0

/** The host's I2C buses, for the I2C adapter device. */
module io.virtio4j.i2c.linux {
    requires static transitive org.jspecify;
    requires transitive io.virtio4j.i2c;
    requires transitive io.virtio4j.host.linux;

    exports io.virtio4j.i2c.linux;
}
