// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.sound.backend;

import io.netty.buffer.ByteBuf;
import io.virtio4j.sound.pcm.PcmFormat;
import io.virtio4j.sound.pcm.PcmInput;
import io.virtio4j.sound.pcm.PcmOutput;
import io.virtio4j.sound.pcm.PcmParameters;
import io.virtio4j.sound.pcm.PcmRate;
import io.virtio4j.sound.pcm.PcmSink;
import io.virtio4j.sound.pcm.PcmSource;
import java.io.IOException;
import java.time.Duration;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A digital cable: what an output stream plays, an input stream records, bit by bit. Both have to have the same
 * format, rate and channels; the second to be prepared with others fails. Where nothing is played, silence is
 * recorded.
 *
 * <p>The cable has a delay, for which it holds frames back: as much as one end may be later than the other, which
 * another thread may serve.
 */
public final class Loopback {

    /** What both ends have to have in common. */
    private record Signal(PcmFormat format, PcmRate rate, int channels) {

        static Signal of(PcmParameters parameters) {
            return new Signal(parameters.format(), parameters.rate(), parameters.channels());
        }
    }

    private static final Duration DELAY = Duration.ofMillis(100);
    private static final Duration LONGEST_DELAY = Duration.ofSeconds(1);

    private final Duration delay;
    private @Nullable Signal signal;
    private int ends;
    /** To the input that records; there is none while nobody does. */
    private volatile @Nullable ByteRing ring;

    /** Creates a cable with a delay of 100 ms and nothing at its ends. */
    public Loopback() {
        this(DELAY);
    }

    /**
     * Creates a cable with nothing at its ends.
     *
     * @param delay from one to the other, to a second
     */
    public Loopback(Duration delay) {
        if (delay.isNegative() || delay.compareTo(LONGEST_DELAY) > 0) {
            throw new IllegalArgumentException("a cable has a delay of a second at most: delay=" + delay);
        }
        this.delay = delay;
    }

    /** The end that is played into; for one stream. */
    public PcmOutput output() {
        return new PcmOutput() {
            @Override
            public Set<PcmFormat> formats() {
                return PcmFormat.wholeBytes();
            }

            @Override
            public PcmSink open(PcmParameters parameters) throws IOException {
                connect(Signal.of(parameters));
                return new Into(parameters.frameBytes());
            }
        };
    }

    /** The end that is recorded from; for one stream. */
    public PcmInput input() {
        return new PcmInput() {
            @Override
            public Set<PcmFormat> formats() {
                return PcmFormat.wholeBytes();
            }

            @Override
            public PcmSource open(PcmParameters parameters) throws IOException {
                connect(Signal.of(parameters));
                return new OutOf(parameters);
            }
        };
    }

    private synchronized void connect(Signal wanted) throws IOException {
        if (ends > 0 && !wanted.equals(signal)) {
            throw new IOException("the other end of the cable has another signal: wanted=" + wanted + " signal="
                    + signal);
        }
        signal = wanted;
        ends++;
    }

    private synchronized void disconnect() {
        ends--;
    }

    private final class Into implements PcmSink {

        private final int frameBytes;

        private Into(int frameBytes) {
            this.frameBytes = frameBytes;
        }

        /** What has no room is lost: the other end does not record. */
        @Override
        public void write(ByteBuf frames) {
            ByteRing to = ring;
            if (to != null) {
                int room = to.free() - to.free() % frameBytes;
                to.write(frames, Math.min(room, frames.readableBytes()));
            }
        }

        @Override
        public void close() {
            disconnect();
        }
    }

    private final class OutOf implements PcmSource {

        private final PcmParameters parameters;
        private final int heldBack;
        /** Enough was there, and frames come since. */
        private boolean flows;

        private OutOf(PcmParameters parameters) {
            this.parameters = parameters;
            heldBack = (int) (delay.toMillis() * parameters.rate().hertz() / 1_000) * parameters.frameBytes();
        }

        /** What was played before is not recorded. */
        @Override
        public void start() {
            ring = new ByteRing(2 * parameters.bytesPerSecond() + parameters.bufferBytes());
        }

        @Override
        public void stop() {
            ring = null;
        }

        @Override
        public void read(ByteBuf target) {
            ByteRing from = ring;
            if (from == null) {
                return;
            }
            int wanted = target.writableBytes();
            flows |= from.available() >= Math.max(wanted, heldBack);
            if (flows) {
                int there = Math.min(from.available(), wanted);
                from.read(target, there);
                flows = there == wanted;
            }
        }

        @Override
        public void skip(int frames) {
            ByteRing from = ring;
            if (from != null) {
                from.skip(Math.min(from.available(), frames * parameters.frameBytes()));
            }
        }

        @Override
        public long delay() {
            ByteRing from = ring;
            return from == null ? 0 : from.available();
        }

        @Override
        public void close() {
            ring = null;
            disconnect();
        }
    }
}
