// SPDX-License-Identifier: Apache-2.0

/** The memory balloon device. */
module io.virtio4j.balloon {
    requires static transitive org.jspecify;
    requires transitive io.virtio4j.core;
    requires org.slf4j;

    exports io.virtio4j.balloon;
}
