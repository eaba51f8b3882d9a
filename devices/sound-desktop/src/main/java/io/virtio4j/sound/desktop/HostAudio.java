// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.sound.desktop;

import io.virtio4j.sound.backend.BufferedInput;
import io.virtio4j.sound.backend.BufferedOutput;
import javax.sound.sampled.Mixer;

/**
 * The host's audio as Java has it. Lines are opened and used on threads of their own: a mixer that hangs costs
 * sound, and neither the driver nor the queue's thread notices.
 *
 * <pre>{@code
 * SoundDevice card = SoundDevice.builder().output(HostAudio.speakers()).input(HostAudio.microphone()).build();
 * }</pre>
 */
public final class HostAudio {

    private HostAudio() {}

    /** The default mixer's output. */
    public static BufferedOutput speakers() {
        return new BufferedOutput(new MixerLines(null, true));
    }

    /** A mixer's output; {@link javax.sound.sampled.AudioSystem#getMixerInfo()} lists them. */
    public static BufferedOutput speakers(Mixer.Info mixer) {
        return new BufferedOutput(new MixerLines(mixer, true));
    }

    /** The default mixer's input. */
    public static BufferedInput microphone() {
        return new BufferedInput(new MixerLines(null, false));
    }

    /** A mixer's input; {@link javax.sound.sampled.AudioSystem#getMixerInfo()} lists them. */
    public static BufferedInput microphone(Mixer.Info mixer) {
        return new BufferedInput(new MixerLines(mixer, false));
    }
}
