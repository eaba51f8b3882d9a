// SPDX-License-Identifier: Apache-2.0

/** The memory device: memory that grows and shrinks under a running guest. */
module io.virtio4j.mem {
    requires static transitive org.jspecify;
    requires transitive io.virtio4j.core;
    requires org.slf4j;

    exports io.virtio4j.mem;
}
