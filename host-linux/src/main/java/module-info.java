// SPDX-License-Identifier: Apache-2.0

/** Linux through the foreign function API. The only module of the project with native calls. */
module io.virtio4j.host.linux {
    requires static transitive org.jspecify;

    exports io.virtio4j.host.linux;
}
