// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.sound.backend;

import io.netty.buffer.ByteBuf;
import io.virtio4j.sound.pcm.PcmFormat;
import io.virtio4j.sound.pcm.PcmInput;
import io.virtio4j.sound.pcm.PcmParameters;
import io.virtio4j.sound.pcm.PcmSource;
import io.virtio4j.sound.pcm.Samples;

/** A sine on every channel. */
public final class ToneInput implements PcmInput {

    private final double hertz;
    private final double level;

    /**
     * Describes a tone.
     *
     * @param hertz its frequency; above half of a stream's rate, another one is heard
     * @param level its amplitude, from 0 to 1
     */
    public ToneInput(double hertz, double level) {
        if (!(hertz > 0) || !(level >= 0 && level <= 1)) {
            throw new IllegalArgumentException("a tone has a positive frequency and a level of 0 to 1: hertz=" + hertz
                    + " level=" + level);
        }
        this.hertz = hertz;
        this.level = level;
    }

    /** A tone at half of the full level. */
    public static ToneInput sine(double hertz) {
        return new ToneInput(hertz, 0.5);
    }

    @Override
    public PcmSource open(PcmParameters parameters) {
        return new Tone(parameters);
    }

    private final class Tone implements PcmSource {

        private final PcmFormat format;
        private final int channels;
        private final double cycles;
        private long frame;

        private Tone(PcmParameters parameters) {
            format = parameters.format();
            channels = parameters.channels();
            cycles = hertz / parameters.rate().hertz();
        }

        @Override
        public void read(ByteBuf target) {
            int bytes = format.bytes();
            int at = target.writerIndex();
            int end = at + target.writableBytes();
            while (at < end) {
                int sample = Samples.fromReal(level * Math.sin(2 * Math.PI * (frame * cycles % 1)));
                frame++;
                for (int channel = 0; channel < channels; channel++) {
                    Samples.set(format, target, at, sample);
                    at += bytes;
                }
            }
            target.writerIndex(end);
        }

        @Override
        public void skip(int frames) {
            frame += frames;
        }

        @Override
        public void close() {}
    }
}
