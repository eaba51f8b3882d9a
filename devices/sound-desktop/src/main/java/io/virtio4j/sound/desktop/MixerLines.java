// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.sound.desktop;

import io.virtio4j.sound.backend.BlockingLine;
import io.virtio4j.sound.backend.BlockingLines;
import io.virtio4j.sound.pcm.PcmFormat;
import io.virtio4j.sound.pcm.PcmParameters;
import java.io.IOException;
import java.util.Set;
import javax.sound.sampled.AudioFormat;
import javax.sound.sampled.AudioSystem;
import javax.sound.sampled.DataLine;
import javax.sound.sampled.LineUnavailableException;
import javax.sound.sampled.Mixer;
import javax.sound.sampled.SourceDataLine;
import javax.sound.sampled.TargetDataLine;
import org.jspecify.annotations.Nullable;

/** Lines of a mixer, in the first format that it takes; samples are converted to that. */
final class MixerLines implements BlockingLines {

    private final Mixer.@Nullable Info mixer;
    private final boolean plays;

    MixerLines(Mixer.@Nullable Info mixer, boolean plays) {
        this.mixer = mixer;
        this.plays = plays;
    }

    @Override
    public Set<PcmFormat> formats() {
        return plays ? PcmFormat.readable() : PcmFormat.writable();
    }

    @Override
    public BlockingLine open(PcmParameters parameters) throws IOException {
        for (PcmFormat format : HostFormat.candidates(parameters.format())) {
            AudioFormat wanted = HostFormat.of(format, parameters.rate(), parameters.channels());
            try {
                DataLine line = line(wanted);
                if (line != null) {
                    int buffer = parameters.bufferBytes() / parameters.frameBytes() * wanted.getFrameSize();
                    return MixerLine.open(line, wanted, buffer, parameters, format);
                }
            } catch (LineUnavailableException | IllegalArgumentException e) {
                throw new IOException("the host's audio has no line: format=" + wanted, e);
            }
        }
        throw new IOException("the host's audio takes no format that would do: mixer=" + mixer + " parameters="
                + parameters);
    }

    private @Nullable DataLine line(AudioFormat format) throws LineUnavailableException {
        Class<? extends DataLine> kind = plays ? SourceDataLine.class : TargetDataLine.class;
        DataLine.Info info = new DataLine.Info(kind, format);
        if (mixer == null) {
            return AudioSystem.isLineSupported(info) ? (DataLine) AudioSystem.getLine(info) : null;
        }
        Mixer of = AudioSystem.getMixer(mixer);
        return of.isLineSupported(info) ? (DataLine) of.getLine(info) : null;
    }
}
