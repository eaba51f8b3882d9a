// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.sound.backend;

import io.netty.buffer.ByteBuf;
import io.virtio4j.sound.pcm.PcmFormat;
import io.virtio4j.sound.pcm.PcmOutput;
import io.virtio4j.sound.pcm.PcmParameters;
import io.virtio4j.sound.pcm.PcmSink;
import java.io.IOException;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Plays on what may block: each stream has a thread, and a buffer before it. If the host takes frames more slowly
 * than they come, or hangs, the buffer fills and what has no room is lost; the driver does not notice.
 */
public final class BufferedOutput implements PcmOutput {

    private final BlockingLines lines;
    private final AtomicInteger threads = new AtomicInteger();
    private final AtomicLong lost = new AtomicLong();

    /** Creates an output that plays on these lines. */
    public BufferedOutput(BlockingLines lines) {
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
    public PcmSink open(PcmParameters parameters) throws IOException {
        return new Line(lines, parameters, threads, lost);
    }

    private static final class Line extends LineThread implements PcmSink {

        private Line(BlockingLines lines, PcmParameters parameters, AtomicInteger threads, AtomicLong lost)
                throws IOException {
            super(lines, parameters, true, threads, lost);
        }

        @Override
        public void write(ByteBuf frames) {
            int room = ring.free();
            int count = Math.min(room - room % frameBytes, frames.readableBytes());
            ring.write(frames, count);
            lost.addAndGet(frames.readableBytes());
            wake();
        }
    }
}
