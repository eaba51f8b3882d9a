// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.sound;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.virtio4j.core.device.VirtioDevice;
import io.virtio4j.core.queue.Runner;
import io.virtio4j.core.transport.DeviceInstanceBuilder;
import io.virtio4j.sound.pcm.PcmInput;
import io.virtio4j.sound.pcm.PcmOutput;
import io.virtio4j.testkit.DeviceContract;
import io.virtio4j.testkit.TestDriver;

/** What holds for every device, while a stream plays: with a thread for each queue, in real time. */
class PlaybackContractTest extends DeviceContract {

    private static final int TXQ = 2;
    private static final int BYTES = 16;

    @Override
    protected VirtioDevice device() {
        return SoundDevice.builder().output(PcmOutput.nowhere()).input(PcmInput.silence()).build();
    }

    @Override
    protected void configure(DeviceInstanceBuilder builder) {
        super.configure(builder);
        builder.runner(Runner.workerPerQueue(Thread.ofPlatform().daemon().factory()));
    }

    /** The fastest rate: a message lasts 42 microseconds. */
    @Override
    protected void prepare(TestDriver driver) {
        byte[] set = SoundRig.setParams(0, 4 * BYTES, BYTES, 0, 1, 4, 13); // U8, 384 kHz
        driver.queue(0).exchange(set, 4);
        driver.queue(0).exchange(SoundRig.words(SoundRig.PREPARE, 0), 4);
        driver.queue(0).exchange(SoundRig.words(SoundRig.START, 0), 4);
    }

    @Override
    protected boolean mayKeep(int queue) {
        return queue != 0;
    }

    @Override
    protected Request request(int number) {
        return new Request(TXQ, SoundRig.message(0, SoundRig.frames(BYTES, number)), 8, done -> {
            assertEquals(8, done.usedLength());
            assertEquals(SoundRig.OK, SoundRig.status(done));
        });
    }
}
