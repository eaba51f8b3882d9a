// SPDX-License-Identifier: Apache-2.0

/** The SCMI device, the protocols that it carries, and a simulated platform behind them. */
module io.virtio4j.scmi {
    requires static transitive org.jspecify;
    requires transitive io.virtio4j.core;
    requires org.slf4j;

    exports io.virtio4j.scmi;
    exports io.virtio4j.scmi.platform;
    exports io.virtio4j.scmi.protocol;
}
