// SPDX-License-Identifier: Apache-2.0

/**
 * I2C adapter device. [Device Types / I2C Adapter Device]
 *
 * <p>{@link io.virtio4j.i2c.I2cDevice} is the device: it takes requests apart and keeps them in groups and in
 * order. Each group is an {@link io.virtio4j.i2c.I2cTransaction} on an {@link io.virtio4j.i2c.I2cBus}, which
 * knows nothing of virtio: simulated hardware of {@link io.virtio4j.i2c.simulated}, or a bus of the host.
 */
@NullMarked
package io.virtio4j.i2c;

import org.jspecify.annotations.NullMarked;
