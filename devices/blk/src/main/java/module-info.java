// SPDX-License-Identifier: Apache-2.0

/** The block device and the storage behind it. */
module io.virtio4j.blk {
    requires static transitive org.jspecify;
    requires transitive io.virtio4j.core;
    requires org.slf4j;

    exports io.virtio4j.blk;
}
