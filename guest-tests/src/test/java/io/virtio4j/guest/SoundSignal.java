// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/** Sound as a test makes and judges it: apart from what the device has for that. */
final class SoundSignal {

    private static final int HEADER = 44;

    private SoundSignal() {}

    /** Samples of a stereo signal at full range of so many bits, none of which is silence. */
    static int[] stereo(int frames, int bits, int rate) {
        int[] samples = new int[2 * frames];
        double scale = Math.scalb(0.7, bits - 1);
        for (int i = 0; i < frames; i++) {
            samples[2 * i] = odd(scale * Math.sin(2 * Math.PI * 440 * i / rate));
            samples[2 * i + 1] = odd(scale * Math.sin(2 * Math.PI * 660 * i / rate + 1));
        }
        return samples;
    }

    private static int odd(double sample) {
        return (int) Math.round(sample) | 1;
    }

    /** Samples as so many bytes each, the lowest first. */
    static byte[] littleEndian(int[] samples, int bytes) {
        byte[] all = new byte[samples.length * bytes];
        for (int i = 0; i < samples.length; i++) {
            for (int b = 0; b < bytes; b++) {
                all[i * bytes + b] = (byte) (samples[i] >> (8 * Math.min(b, 3)));
            }
        }
        return all;
    }

    /** A WAV file of two channels. */
    static byte[] wav(byte[] data, int bits, int rate) {
        int frame = 2 * bits / 8;
        return ByteBuffer.allocate(HEADER + data.length).order(ByteOrder.LITTLE_ENDIAN)
            .put("RIFF".getBytes(StandardCharsets.US_ASCII)).putInt(HEADER - 8 + data.length)
            .put("WAVEfmt ".getBytes(StandardCharsets.US_ASCII)).putInt(16)
            .putShort((short) 1).putShort((short) 2).putInt(rate).putInt(rate * frame)
            .putShort((short) frame).putShort((short) bits)
            .put("data".getBytes(StandardCharsets.US_ASCII)).putInt(data.length)
            .put(data).array();
    }

    /** A WAV file, as it says of itself. */
    record Wav(int tag, int channels, int rate, int bits, byte[] data) {

        static Wav read(Path file) {
            try {
                return parse(Files.readAllBytes(file));
            } catch (IOException failure) {
                throw new UncheckedIOException("recording not read: file=" + file, failure);
            }
        }

        static Wav parse(byte[] file) {
            ByteBuffer bytes = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
            assertEquals("RIFF", new String(file, 0, 4, StandardCharsets.US_ASCII));
            assertEquals("data", new String(file, 36, 4, StandardCharsets.US_ASCII));
            int length = Math.min(bytes.getInt(40), file.length - HEADER);
            return new Wav(bytes.getShort(20), bytes.getShort(22), bytes.getInt(24), bytes.getShort(34),
                Arrays.copyOfRange(file, HEADER, HEADER + length));
        }

        /** The samples of a channel of 16 bits, from -1 to 1. */
        double[] channel(int channel) {
            ByteBuffer bytes = ByteBuffer.wrap(data).order(ByteOrder.LITTLE_ENDIAN);
            double[] samples = new double[data.length / 2 / channels];
            for (int i = 0; i < samples.length; i++) {
                samples[i] = bytes.getShort(2 * (i * channels + channel)) / 32768.0;
            }
            return samples;
        }
    }

    /** What was sent is there from the first sample on, and nothing but one value follows it: silence. */
    static void assertPlayed(byte[] sent, byte[] recorded, int sampleBytes, String what) {
        assertTrue(recorded.length >= sent.length, what + ": recorded=" + recorded.length + " sent=" + sent.length);
        int odd = Arrays.mismatch(sent, 0, sent.length, recorded, 0, sent.length);
        assertEquals(-1, odd, what + ": first byte that differs");
        for (int at = sent.length + sampleBytes; at < recorded.length; at++) {
            assertEquals(recorded[at - sampleBytes], recorded[at], what + ": not silent behind the end");
        }
    }

    /** The frequency of a tone, by its rising zero crossings, each interpolated between two samples. */
    static double hertz(double[] samples, int rate) {
        double first = -1;
        double last = -1;
        int crossings = 0;
        for (int i = 1; i < samples.length; i++) {
            if (samples[i - 1] < 0 && samples[i] >= 0) {
                last = i - 1 + samples[i - 1] / (samples[i - 1] - samples[i]);
                first = first < 0 ? last : first;
                crossings++;
            }
        }
        return (crossings - 1) * rate / (last - first);
    }

    /** The amplitude of a tone, by its power. */
    static double level(double[] samples) {
        return Math.sqrt(2 * Arrays.stream(samples).map(sample -> sample * sample).average().orElse(0));
    }
}
