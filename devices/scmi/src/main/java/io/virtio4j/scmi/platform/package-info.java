// SPDX-License-Identifier: Apache-2.0

/**
 * A simulated platform: power, performance, clocks, sensors, resets, voltages, power caps and pins, with values
 * that Java code sets and sees. [DEN0056]
 *
 * <p>{@link io.virtio4j.scmi.platform.SimulatedPlatform} takes what is on the board and makes the standard
 * protocols of it. What is there before the platform is built is its configuration; afterwards the same objects
 * are the board while it runs.
 */
@NullMarked
package io.virtio4j.scmi.platform;

import org.jspecify.annotations.NullMarked;
