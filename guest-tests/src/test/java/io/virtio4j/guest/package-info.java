// SPDX-License-Identifier: Apache-2.0

/**
 * Real Linux drivers against our devices. {@link io.virtio4j.guest.LinuxGuest} boots a kernel in
 * QEMU and runs commands in it; {@link io.virtio4j.guest.SharedDirectory} is where this process and
 * QEMU meet; {@link io.virtio4j.guest.GuestReport} collects the results for the table at the end
 * of {@code guest-tests/run}.
 */
@NullMarked
package io.virtio4j.guest;

import org.jspecify.annotations.NullMarked;
