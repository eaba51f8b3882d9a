// SPDX-License-Identifier: Apache-2.0

/** The sound device, and what plays and records behind it. */
module io.virtio4j.sound {
    requires static transitive org.jspecify;
    requires transitive io.virtio4j.core;
    requires transitive io.netty.buffer;
    requires org.slf4j;

    exports io.virtio4j.sound;
    exports io.virtio4j.sound.backend;
    exports io.virtio4j.sound.pcm;
}
