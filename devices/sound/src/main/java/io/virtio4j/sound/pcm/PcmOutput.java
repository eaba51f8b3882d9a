// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.sound.pcm;

import java.io.IOException;
import java.util.Set;

/** Where an output stream plays: the backend of playback. */
public interface PcmOutput {

    /** The formats that it takes; asked once. Default: all that {@link Samples} reads. */
    default Set<PcmFormat> formats() {
        return PcmFormat.readable();
    }

    /**
     * A stream begins. Must not block. [VIRTIO_SND_R_PCM_PREPARE]
     *
     * @throws IOException if it cannot; the driver is told so
     */
    PcmSink open(PcmParameters parameters) throws IOException;

    /** Takes everything and keeps nothing. */
    static PcmOutput nowhere() {
        return new Nowhere();
    }
}
