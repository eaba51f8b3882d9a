// SPDX-License-Identifier: Apache-2.0

/** Gives the pages of a memory balloon back to a Linux host. */
module io.virtio4j.balloon.linux {
    requires static transitive org.jspecify;
    requires transitive io.virtio4j.balloon;
    requires io.virtio4j.host.linux;

    exports io.virtio4j.balloon.linux;
}
