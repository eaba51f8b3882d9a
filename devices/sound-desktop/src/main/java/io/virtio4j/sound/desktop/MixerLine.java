// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.sound.desktop;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.virtio4j.sound.backend.BlockingLine;
import io.virtio4j.sound.pcm.PcmFormat;
import io.virtio4j.sound.pcm.PcmParameters;
import io.virtio4j.sound.pcm.Samples;
import java.io.IOException;
import javax.sound.sampled.AudioFormat;
import javax.sound.sampled.DataLine;
import javax.sound.sampled.LineUnavailableException;
import javax.sound.sampled.SourceDataLine;
import javax.sound.sampled.TargetDataLine;

/** A line of a mixer, in a format that the mixer takes. */
final class MixerLine implements BlockingLine {

    private final DataLine line;
    private final PcmFormat format;
    private final PcmFormat hostFormat;
    private final int frameBytes;
    private final int hostFrameBytes;
    private byte[] converted = {};

    private MixerLine(DataLine line, PcmParameters parameters, PcmFormat hostFormat) {
        this.line = line;
        this.hostFormat = hostFormat;
        format = parameters.format();
        frameBytes = parameters.frameBytes();
        hostFrameBytes = parameters.channels() * hostFormat.bytes();
    }

    static MixerLine open(DataLine line, AudioFormat wanted, int buffer, PcmParameters parameters,
            PcmFormat hostFormat) throws LineUnavailableException {
        switch (line) {
            case SourceDataLine source -> source.open(wanted, buffer);
            case TargetDataLine target -> target.open(wanted, buffer);
            default -> throw new IllegalArgumentException("a line that neither plays nor records: line=" + line);
        }
        return new MixerLine(line, parameters, hostFormat);
    }

    @Override
    public void transfer(byte[] frames, int count) throws IOException {
        boolean same = format == hostFormat;
        int hostCount = count / frameBytes * hostFrameBytes;
        if (!same && converted.length < hostCount) {
            converted = new byte[hostCount];
        }
        byte[] bytes = same ? frames : converted;
        if (line instanceof SourceDataLine source) {
            convert(frames, format, converted, hostFormat, same ? 0 : count / format.bytes());
            check(source.write(bytes, 0, hostCount), hostCount);
        } else {
            check(((TargetDataLine) line).read(bytes, 0, hostCount), hostCount);
            convert(converted, hostFormat, frames, format, same ? 0 : count / format.bytes());
        }
    }

    private static void convert(byte[] from, PcmFormat fromFormat, byte[] to, PcmFormat toFormat, int samples) {
        if (samples > 0) {
            ByteBuf source = Unpooled.wrappedBuffer(from);
            ByteBuf target = Unpooled.wrappedBuffer(to);
            for (int i = 0; i < samples; i++) {
                Samples.set(toFormat, target, i * toFormat.bytes(),
                        Samples.get(fromFormat, source, i * fromFormat.bytes()));
            }
        }
    }

    /** A line that was stopped or closed meanwhile moves less. */
    private static void check(int moved, int wanted) throws IOException {
        if (moved < wanted) {
            throw new IOException("the host's line ended: moved=" + moved + " wanted=" + wanted);
        }
    }

    @Override
    public void pause(boolean pauses) {
        if (pauses) {
            line.stop();
        } else {
            line.start();
        }
    }

    @Override
    public long delay() {
        int bytes = line instanceof SourceDataLine ? line.getBufferSize() - line.available() : line.available();
        return (long) bytes / hostFrameBytes * frameBytes;
    }

    @Override
    public void close() {
        line.close();
    }
}
