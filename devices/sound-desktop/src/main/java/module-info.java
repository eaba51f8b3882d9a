// SPDX-License-Identifier: Apache-2.0

/** The host's speakers and microphones for the sound device, by {@code javax.sound.sampled}. */
module io.virtio4j.sound.desktop {
    requires static transitive org.jspecify;
    requires transitive io.virtio4j.sound;
    requires transitive java.desktop;

    exports io.virtio4j.sound.desktop;
}
