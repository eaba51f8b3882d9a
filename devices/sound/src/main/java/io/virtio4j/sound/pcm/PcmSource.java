// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.sound.pcm;

import io.netty.buffer.ByteBuf;

/** Has the frames of an input stream, as time passes. */
public interface PcmSource extends PcmLine {

    /**
     * Gives frames that were due until now.
     *
     * @param target room for whole frames; what is not written becomes silence. Lent until the method returns
     */
    void read(ByteBuf target);

    /**
     * The driver was late, and there was no room for so many frames: they are lost. Default: does nothing.
     *
     * @param frames at most those of a second
     */
    default void skip(int frames) {}
}
