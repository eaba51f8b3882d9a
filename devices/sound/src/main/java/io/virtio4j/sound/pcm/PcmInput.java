// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.sound.pcm;

import java.io.IOException;
import java.util.Set;

/** What an input stream records: the backend of capture. */
public interface PcmInput {

    /** The formats that it gives; asked once. Default: all that {@link Samples} writes. */
    default Set<PcmFormat> formats() {
        return PcmFormat.writable();
    }

    /**
     * A stream begins. Must not block. [VIRTIO_SND_R_PCM_PREPARE]
     *
     * @throws IOException if it cannot; the driver is told so
     */
    PcmSource open(PcmParameters parameters) throws IOException;

    /** Silence, in every format. */
    static PcmInput silence() {
        return new Nowhere();
    }
}
