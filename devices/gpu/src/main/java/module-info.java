// SPDX-License-Identifier: Apache-2.0

/** The GPU device and what it shows. */
module io.virtio4j.gpu {
    requires static transitive org.jspecify;
    requires transitive io.virtio4j.core;
    requires io.netty.common;

    exports io.virtio4j.gpu;
}
