// SPDX-License-Identifier: Apache-2.0

/** The GPIO device, and a simulated board behind it. */
module io.virtio4j.gpio {
    requires static transitive org.jspecify;
    requires transitive io.virtio4j.core;
    requires org.slf4j;

    exports io.virtio4j.gpio;
    exports io.virtio4j.gpio.board;
}
