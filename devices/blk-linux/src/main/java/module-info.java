// SPDX-License-Identifier: Apache-2.0

/** What Linux can do for the storage of the block device, beyond the JDK. */
module io.virtio4j.blk.linux {
    requires static transitive org.jspecify;
    requires transitive io.virtio4j.blk;
    requires io.virtio4j.host.linux;

    exports io.virtio4j.blk.linux;
}
