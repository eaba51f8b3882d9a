// SPDX-License-Identifier: Apache-2.0

/** Lines of a Linux host for the GPIO device, through the character devices of its controllers. */
@NullMarked
package io.virtio4j.gpio.linux;

import org.jspecify.annotations.NullMarked;
