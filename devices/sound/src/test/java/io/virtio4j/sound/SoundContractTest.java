// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.sound;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.device.VirtioDevice;
import io.virtio4j.sound.pcm.PcmInput;
import io.virtio4j.sound.pcm.PcmOutput;
import io.virtio4j.testkit.DeviceContract;

/** What holds for every device: by requests about streams, jacks and maps. */
class SoundContractTest extends DeviceContract {

    @Override
    protected VirtioDevice device() {
        return SoundDevice.builder().output(PcmOutput.nowhere()).input(PcmInput.silence()).jack(Jack.headphones())
                .channelMap(ChannelMap.output(ChannelPosition.MONO)).build();
    }

    @Override
    protected boolean mayKeep(int queue) {
        return queue != 0;
    }

    @Override
    protected Request request(int number) {
        return switch (number % 5) {
            case 0 -> request(SoundRig.words(SoundRig.PCM_INFO, 0, 2, 32), 64, 64);
            case 1 -> request(SoundRig.words(SoundRig.JACK_REMAP, 0, number % 16, 7), 0, 0);
            case 2 -> request(SoundRig.words(SoundRig.CHMAP_INFO, 0, 1, 24), 30, 24);
            case 3 -> request(SoundRig.setParams(1, 640, 160, 0, 1, SoundRig.S16, SoundRig.HZ_8000), 0, 0);
            default -> request(SoundRig.words(SoundRig.PREPARE, 1), 0, 0);
        };
    }

    private static Request request(byte[] readable, int room, int answered) {
        return new Request(0, readable, 4 + room, done -> {
            // A stream that was not set yet cannot be prepared: that is an answer, too.
            boolean prepares = SoundRig.word(readable, 0) == SoundRig.PREPARE;
            int status = SoundRig.word(done.written(), 0);
            assertTrue(status == SoundRig.OK || prepares && status == SoundRig.BAD_MSG, "status " + status);
            assertEquals(4 + answered, done.usedLength());
            done.assertNothingBeyond();
        });
    }
}
