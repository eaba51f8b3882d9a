// SPDX-License-Identifier: Apache-2.0

/** A directory of a Linux host for the file system device, of which a guest reaches nothing outside. */
module io.virtio4j.fs.linux {
    requires static transitive org.jspecify;
    requires transitive io.virtio4j.fs;
    requires io.virtio4j.host.linux;

    exports io.virtio4j.fs.linux;
}
