// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import java.util.Locale;

/** The kernels that {@code guest-tests/prepare} makes ready. */
public enum GuestKernel {

    /** Built from {@code kernel.config}: every driver and both transports built in, boots fast. */
    SMALL,

    /** Debian's own, unmodified: drivers are modules, no MMIO devices on the command line. */
    STOCK;

    String property(String what) {
        return name().toLowerCase(Locale.ROOT) + "." + what;
    }
}
