// SPDX-License-Identifier: Apache-2.0

/**
 * Simulated hardware: a {@link io.virtio4j.i2c.simulated.SimulatedBus} with targets that behave as real parts do,
 * and with faults on demand. A part of one's own is an {@link io.virtio4j.i2c.simulated.I2cTarget}.
 */
@NullMarked
package io.virtio4j.i2c.simulated;

import org.jspecify.annotations.NullMarked;
