// SPDX-License-Identifier: Apache-2.0

/** The host's I2C buses, through i2c-dev: {@link io.virtio4j.i2c.linux.LinuxI2cBus}. */
@NullMarked
package io.virtio4j.i2c.linux;

import org.jspecify.annotations.NullMarked;
