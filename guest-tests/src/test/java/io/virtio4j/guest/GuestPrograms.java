// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import java.util.Locale;

/** The groups of programs that a guest can be started with; {@code initramfs} lists them. */
enum GuestPrograms {

    /** File systems, fio and the tools of block devices. */
    DISK,

    /** ip, ethtool, iperf3, tcpdump. */
    NET,

    /** The tools of GPIO lines and I2C buses. */
    BOARD,

    /** alsa-utils. */
    SOUND,

    /** modetest, and a program that shows known pixels. */
    GPU,

    /** What makes use of shared file systems. */
    FS;

    String property(String what) {
        return what + "." + name().toLowerCase(Locale.ROOT);
    }
}
