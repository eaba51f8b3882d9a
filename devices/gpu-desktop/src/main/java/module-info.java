// SPDX-License-Identifier: Apache-2.0

/** What a GPU device shows as an image, a PNG file and a window. */
module io.virtio4j.gpu.desktop {
    requires static transitive org.jspecify;
    requires transitive io.virtio4j.gpu;
    requires transitive java.desktop;

    exports io.virtio4j.gpu.desktop;
}
