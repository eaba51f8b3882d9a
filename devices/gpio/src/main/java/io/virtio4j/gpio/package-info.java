// SPDX-License-Identifier: Apache-2.0

/**
 * GPIO device. [Device Types / GPIO Device]
 *
 * <p>{@link io.virtio4j.gpio.GpioDevice} is the device: messages, directions, interrupts. The lines behind it are
 * a {@link io.virtio4j.gpio.GpioBackend}, which knows nothing of virtio.
 */
@NullMarked
package io.virtio4j.gpio;

import org.jspecify.annotations.NullMarked;
