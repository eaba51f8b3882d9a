// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.examples.demo;

import io.virtio4j.core.device.VirtioDevice;
import io.virtio4j.sound.ControlElement;
import io.virtio4j.sound.ControlRole;
import io.virtio4j.sound.Jack;
import io.virtio4j.sound.SoundCounter;
import io.virtio4j.sound.SoundDevice;
import io.virtio4j.sound.backend.ToneInput;
import io.virtio4j.sound.backend.WavOutput;
import io.virtio4j.sound.pcm.PcmDirection;
import io.virtio4j.sound.pcm.PcmOutput;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.TestDriver;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * A sound card: a melody is played in real time and recorded as a WAV file, which stays; a tone is recorded and
 * looked at; a volume is set, and headphones are plugged and unplugged.
 */
final class SoundDemo implements DemoDevice {

    private final UnaryOperator<PcmOutput> around;

    SoundDemo() {
        this(output -> output);
    }

    /** With something between device and recorder. */
    SoundDemo(UnaryOperator<PcmOutput> around) {
        this.around = around;
    }

    @Override
    public String name() {
        return "sound";
    }

    @Override
    public Work prepare(DemoOptions options) throws IOException {
        String files = System.getProperty("virtio4j.demo.files", "target/demo-files");
        Path directory = Files.createDirectories(Path.of(files));
        return new Card(around, directory.resolve("sound.wav"));
    }

    /** One card. */
    private static final class Card implements Work {

        private static final int OUTPUT = 0;
        private static final int INPUT = 1;
        private static final int VOLUME = 0;

        private static final int EVT_JACK_CONNECTED = 0x1000;
        private static final int EVT_JACK_DISCONNECTED = 0x1001;

        /** A chord, note by note, in hertz. */
        private static final double[] NOTES = {261.63, 329.63, 392.00, 523.25, 659.26, 783.99, 1046.50};
        private static final int NOTE_FRAMES = SoundDriver.RATE * 15 / 100;
        private static final double TONE = 1_000;
        private static final double TONE_LEVEL = 0.25;
        private static final int TONE_BYTES = SoundDriver.RATE / 4 * 4;
        private static final int WAV_HEADER = 44;

        private final Path file;
        private final Jack headphones = Jack.headphones();
        private final ControlElement volume = ControlElement.integer("Master Playback Volume", 0, 100, 1)
                .role(ControlRole.VOLUME, PcmDirection.OUTPUT).count(2).build();
        private final SoundDevice device;
        private final byte[] melody = melody();

        Card(UnaryOperator<PcmOutput> around, Path file) {
            this.file = file;
            device = SoundDevice.builder().output(around.apply(WavOutput.to(file)))
                    .input(new ToneInput(TONE, TONE_LEVEL)).jack(headphones).control(volume).build();
        }

        @Override
        public VirtioDevice device() {
            return device;
        }

        /** Notes that ring out, from left to right. */
        private static byte[] melody() {
            ByteBuffer frames = ByteBuffer.allocate(NOTES.length * NOTE_FRAMES * 4).order(ByteOrder.LITTLE_ENDIAN);
            for (int note = 0; note < NOTES.length; note++) {
                double right = (double) note / (NOTES.length - 1);
                for (int i = 0; i < NOTE_FRAMES; i++) {
                    double seconds = (double) i / SoundDriver.RATE;
                    double loudness = 0.6 * Math.exp(-8 * seconds) * Math.min(1, i / 100.0);
                    double signal = loudness * Math.sin(2 * Math.PI * NOTES[note] * seconds);
                    frames.putShort((short) (signal * (1 - 0.7 * right) * Short.MAX_VALUE));
                    frames.putShort((short) (signal * (0.3 + 0.7 * right) * Short.MAX_VALUE));
                }
            }
            return frames.array();
        }

        @Override
        public void operate(TestDriver driver, List<TestDriver> peers, RunLog log) {
            SoundDriver card = new SoundDriver(driver, log);
            log.step("play a melody", melody.length);
            card.play(OUTPUT, melody);
            log.step("record a tone", TONE_BYTES);
            check(card.record(INPUT, TONE_BYTES), log);
            log.step("set a volume", 0);
            card.setVolume(VOLUME, 40, 60);
            if (!Arrays.equals(volume.values(), new long[] {40, 60})) {
                log.error("volume is " + Arrays.toString(volume.values()));
            }
            plug(card, log);
        }

        private static void check(byte[] recorded, RunLog log) {
            ByteBuffer frames = ByteBuffer.wrap(recorded).order(ByteOrder.LITTLE_ENDIAN);
            for (int i = 0; i < TONE_BYTES / 4; i++) {
                double expected = TONE_LEVEL * Math.sin(2 * Math.PI * TONE * i / SoundDriver.RATE) * 32_768;
                double left = frames.getShort(4 * i);
                double right = frames.getShort(4 * i + 2);
                if (Math.abs(left - expected) > 2 || Math.abs(right - expected) > 2) {
                    log.error("the tone differs at frame " + i);
                    return;
                }
            }
        }

        private void plug(SoundDriver card, RunLog log) {
            log.step("plug headphones", 0);
            for (int expected : new int[] {EVT_JACK_CONNECTED, EVT_JACK_DISCONNECTED}) {
                Submitted buffer = card.giveEventBuffer();
                if (expected == EVT_JACK_CONNECTED) {
                    headphones.plug();
                } else {
                    headphones.unplug();
                }
                int event = card.awaitEvent(buffer);
                if (event != expected) {
                    log.error("event is 0x" + Integer.toHexString(event));
                }
            }
        }

        @Override
        public void inspect(RunLog log) throws IOException {
            log.step("look at the recording", 0);
            byte[] recorded = Files.readAllBytes(file);
            int odd = Arrays.mismatch(melody, 0, melody.length, recorded, WAV_HEADER,
                    Math.min(recorded.length, WAV_HEADER + melody.length));
            if (odd >= 0) {
                log.error("the recording differs at byte " + odd + " after " + device.counters().get(SoundCounter.GAPS)
                        + " gaps");
            }
        }

        /** The recording stays, to be listened to. */
        @Override
        public void close() {}
    }
}
