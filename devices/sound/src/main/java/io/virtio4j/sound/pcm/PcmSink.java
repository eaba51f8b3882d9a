// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.sound.pcm;

import io.netty.buffer.ByteBuf;

/** Takes the frames of an output stream, as time passes. */
public interface PcmSink extends PcmLine {

    /**
     * Takes frames that are due now.
     *
     * @param frames whole frames, to be read to the end; lent until the method returns, and may change meanwhile
     */
    void write(ByteBuf frames);

    /**
     * The driver was late, and nothing was there to play for so long; what follows comes after it. Default: does
     * nothing, for what is silent by itself when nothing comes.
     *
     * @param frames at most those of a second
     */
    default void silence(int frames) {}
}
