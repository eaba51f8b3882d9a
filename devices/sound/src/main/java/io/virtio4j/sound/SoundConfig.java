// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.sound;

import io.virtio4j.core.wire.Le32;
import io.virtio4j.core.wire.StructLayout;

/** {@code struct virtio_snd_config}. [Sound Device / Device Configuration Layout] */
final class SoundConfig {

    static final StructLayout LAYOUT = StructLayout.of("virtio_snd_config");

    static final Le32 JACKS = LAYOUT.le32("jacks");
    static final Le32 STREAMS = LAYOUT.le32("streams");
    static final Le32 CHMAPS = LAYOUT.le32("chmaps");
    static final Le32 CONTROLS = LAYOUT.le32("controls"); // with CTLS

    static final int SIZE = LAYOUT.size(16);

    private SoundConfig() {}
}
