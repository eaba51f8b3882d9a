// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.examples;

import io.virtio4j.sound.ChannelMap;
import io.virtio4j.sound.ChannelPosition;
import io.virtio4j.sound.ControlElement;
import io.virtio4j.sound.ControlRole;
import io.virtio4j.sound.Jack;
import io.virtio4j.sound.SoundDevice;
import io.virtio4j.sound.backend.Loopback;
import io.virtio4j.sound.backend.ToneInput;
import io.virtio4j.sound.backend.WavOutput;
import io.virtio4j.sound.desktop.HostAudio;
import io.virtio4j.sound.pcm.PcmDirection;
import java.nio.file.Path;
import java.util.Arrays;

/** Sound cards: one for tests, and one that is heard. */
final class SoundCard {

    private SoundCard() {}

    static SoundDevice forTests(Path file) {
        // tag::card[]
        Jack headphones = Jack.headphones();
        ControlElement volume = ControlElement.integer("Master Playback Volume", 0, 100, 1)
                .role(ControlRole.VOLUME, PcmDirection.OUTPUT).count(2).decibels(-5000, 50, true)
                .onWrite(element -> System.out.println(Arrays.toString(element.values()))).build();
        SoundDevice card = SoundDevice.builder()
                .output(WavOutput.to(file))
                .input(ToneInput.sine(440))
                .channelMap(ChannelMap.output(ChannelPosition.FL, ChannelPosition.FR))
                .jack(headphones)
                .control(volume)
                .build();
        headphones.plug();
        volume.set(80);
        // end::card[]
        return card;
    }

    static SoundDevice ofTheHost() {
        // tag::host[]
        SoundDevice card = SoundDevice.builder().output(HostAudio.speakers()).input(HostAudio.microphone()).build();
        // end::host[]
        return card;
    }

    static SoundDevice withCable() {
        // tag::cable[]
        Loopback cable = new Loopback();
        SoundDevice card = SoundDevice.builder().output(cable.output()).input(cable.input()).build();
        // end::cable[]
        return card;
    }
}
