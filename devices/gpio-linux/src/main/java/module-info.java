// SPDX-License-Identifier: Apache-2.0

/** Lines of a Linux host for the GPIO device. */
module io.virtio4j.gpio.linux {
    requires static transitive org.jspecify;
    requires transitive io.virtio4j.gpio;
    requires transitive io.virtio4j.host.linux;
    requires org.slf4j;

    exports io.virtio4j.gpio.linux;
}
