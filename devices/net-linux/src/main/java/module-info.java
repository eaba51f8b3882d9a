// SPDX-License-Identifier: Apache-2.0

/** What Linux can do for the network device, beyond the JDK. */
module io.virtio4j.net.linux {
    requires static transitive org.jspecify;
    requires transitive io.virtio4j.net;
    requires transitive io.virtio4j.host.linux;
    requires org.slf4j;

    exports io.virtio4j.net.linux;
}
