// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.sound.backend;

import io.virtio4j.sound.pcm.PcmFormat;
import io.virtio4j.sound.pcm.PcmParameters;
import java.io.IOException;
import java.util.Set;

/** The host's audio, where it may block or hang, behind a {@link BufferedOutput} or a {@link BufferedInput}. */
public interface BlockingLines {

    /** The formats that it takes or gives; asked once. */
    Set<PcmFormat> formats();

    /** Opens a line; may block. On a thread of the stream's own, which is interrupted once the stream ended. */
    BlockingLine open(PcmParameters parameters) throws IOException, InterruptedException;
}
