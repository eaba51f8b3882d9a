// SPDX-License-Identifier: Apache-2.0

/** The GPU device and what it shows. */
module io.virtio4j.gpu {
    requires static transitive org.jspecify;
    requires transitive io.virtio4j.core;
    requires io.netty.common;
    requires org.slf4j;

    exports io.virtio4j.gpu;
    exports io.virtio4j.gpu.crossdomain;
    exports io.virtio4j.gpu.rfb;
}
