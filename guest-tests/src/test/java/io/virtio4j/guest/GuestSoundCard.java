// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import io.virtio4j.sound.ChannelMap;
import io.virtio4j.sound.ChannelPosition;
import io.virtio4j.sound.ControlElement;
import io.virtio4j.sound.ControlRole;
import io.virtio4j.sound.Jack;
import io.virtio4j.sound.PcmStreamInfo;
import io.virtio4j.sound.SoundCounter;
import io.virtio4j.sound.SoundDevice;
import io.virtio4j.sound.backend.Loopback;
import io.virtio4j.sound.backend.ToneInput;
import io.virtio4j.sound.backend.WavOutput;
import io.virtio4j.sound.pcm.PcmDirection;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * The sound card that guests use: device 0 plays into WAV files and records a tone, device 1 is a cable from its
 * output to its input.
 */
final class GuestSoundCard {

    static final double HERTZ = 440;
    static final double LEVEL = 0.5;

    private final List<Path> recordings = new CopyOnWriteArrayList<>();
    private final List<Long> commands = new ArrayList<>();
    private final Loopback cable = new Loopback();

    final Jack headphones = Jack.headphones();
    final Jack microphone = Jack.microphone();

    final ControlElement volume = ControlElement.integer("Master Playback Volume", 0, 100, 1)
        .role(ControlRole.VOLUME, PcmDirection.OUTPUT).count(2).initially(80).decibels(-5000, 50, true).build();
    final ControlElement sound = ControlElement.toggle("Master Playback Switch")
        .role(ControlRole.MUTE, PcmDirection.OUTPUT).count(2).initially(1).build();
    final ControlElement source = ControlElement.enumerated("Input Source", "Mic", "Line", "CD").build();
    final ControlElement bytes = ControlElement.bytes("Fingerprint", 8).build();
    final ControlElement iec958 = ControlElement.iec958("IEC958 Playback Default").build();
    final ControlElement frames = ControlElement.integer64("Frames Counter", 0, Long.MAX_VALUE, 0)
        .readOnly().volatileValues(() -> new long[] {5_000_000_000L}).build();
    final ControlElement filter = ControlElement.bytes("Filter", 4).writableTlv(4096)
        .onTlvCommand((type, value) -> commands.add(type)).build();

    private final SoundDevice device;

    GuestSoundCard(SharedDirectory shared) {
        WavOutput recorder = new WavOutput(() -> {
            Path file = shared.path("played-" + recordings.size() + ".wav");
            recordings.add(file);
            return file;
        });
        device = SoundDevice.builder()
            .output(recorder)
            .input(new ToneInput(HERTZ, LEVEL))
            .output(PcmStreamInfo.output().node(1), cable.output())
            .input(PcmStreamInfo.input().node(1), cable.input())
            .jack(headphones)
            .jack(microphone)
            .channelMap(ChannelMap.output(ChannelPosition.FL, ChannelPosition.FR))
            .channelMap(ChannelMap.output(ChannelPosition.MONO))
            .channelMap(ChannelMap.input(ChannelPosition.FL, ChannelPosition.FR))
            .control(volume)
            .control(sound)
            .control(source)
            .control(bytes)
            .control(iec958)
            .control(frames)
            .control(filter)
            .build();
    }

    SoundDevice device() {
        return device;
    }

    long count(SoundCounter counter) {
        return device.counters().get(counter);
    }

    /** The file that was recorded last. */
    Path lastRecording() {
        return recordings.getLast();
    }

    int recordings() {
        return recordings.size();
    }

    /** The types of the commands that were executed. */
    List<Long> commands() {
        return commands;
    }
}
