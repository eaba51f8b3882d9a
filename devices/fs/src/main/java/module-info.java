// SPDX-License-Identifier: Apache-2.0

/** The file system device: a FUSE server, and what it serves. */
module io.virtio4j.fs {
    requires static transitive org.jspecify;
    requires transitive io.virtio4j.core;
    requires org.slf4j;

    exports io.virtio4j.fs;
    exports io.virtio4j.fs.backend;
    exports io.virtio4j.fs.nio;
    exports io.virtio4j.fs.tree;
}
