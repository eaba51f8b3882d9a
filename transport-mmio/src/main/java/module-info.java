// SPDX-License-Identifier: Apache-2.0

/** Virtio over MMIO: the register file. */
module io.virtio4j.transport.mmio {
    requires transitive io.virtio4j.core;
    requires static transitive org.jspecify;
    requires org.slf4j;

    exports io.virtio4j.transport.mmio;
}
