// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.sound.pcm;

import io.netty.buffer.ByteBuf;
import java.util.Set;

/** Takes everything, and has nothing but silence. */
final class Nowhere implements PcmOutput, PcmInput {

    @Override
    public Set<PcmFormat> formats() {
        return PcmFormat.wholeBytes();
    }

    @Override
    public Line open(PcmParameters parameters) {
        return new Line();
    }

    /** One for both directions. */
    static final class Line implements PcmSink, PcmSource {

        @Override
        public void write(ByteBuf frames) {
            frames.skipBytes(frames.readableBytes());
        }

        @Override
        public void read(ByteBuf target) {}

        @Override
        public void close() {}
    }
}
