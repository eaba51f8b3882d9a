// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.sound.backend;

import io.netty.buffer.ByteBuf;
import io.virtio4j.sound.pcm.PcmFormat;
import io.virtio4j.sound.pcm.PcmInput;
import io.virtio4j.sound.pcm.PcmParameters;
import io.virtio4j.sound.pcm.PcmSource;
import java.io.IOException;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Records from what may block: each stream has a thread, and a buffer behind it. If the host gives frames more
 * slowly than they are due, or hangs, silence is recorded instead.
 */
public final class BufferedInput implements PcmInput {

    private final BlockingLines lines;
    private final AtomicInteger threads = new AtomicInteger();
    private final AtomicLong lost = new AtomicLong();

    /** Creates an input that records from these lines. */
    public BufferedInput(BlockingLines lines) {
        this.lines = lines;
    }

    @Override
    public Set<PcmFormat> formats() {
        return lines.formats();
    }

    /** How many bytes had no room so far. */
    public long lostBytes() {
        return lost.get();
    }

    @Override
    public PcmSource open(PcmParameters parameters) throws IOException {
        return new Line(lines, parameters, threads, lost);
    }

    private static final class Line extends LineThread implements PcmSource {

        private Line(BlockingLines lines, PcmParameters parameters, AtomicInteger threads, AtomicLong lost)
                throws IOException {
            super(lines, parameters, false, threads, lost);
        }

        @Override
        public void read(ByteBuf target) {
            ring.read(target, Math.min(ring.available(), target.writableBytes()));
        }

        @Override
        public void skip(int frames) {
            ring.skip(Math.min(ring.available(), frames * frameBytes));
        }
    }
}
