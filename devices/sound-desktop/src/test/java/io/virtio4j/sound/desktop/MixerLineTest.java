// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.sound.desktop;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.sound.pcm.PcmFormat;
import io.virtio4j.sound.pcm.PcmParameters;
import io.virtio4j.sound.pcm.PcmRate;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import javax.sound.sampled.AudioFormat;
import javax.sound.sampled.SourceDataLine;
import javax.sound.sampled.TargetDataLine;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Lines of the host, played by the test: machines that build have no speakers. */
class MixerLineTest {

    private static final PcmParameters SWAPPED = PcmParameters.of(PcmFormat.U16, PcmRate.HZ_48000, 1, 100);

    private final ByteArrayOutputStream played = new ByteArrayOutputStream();
    private final List<String> calls = new ArrayList<>();
    private int most = Integer.MAX_VALUE;

    /** A line of the JDK's interface, of which only a few methods are used. */
    private <T> T line(Class<T> kind) {
        Map<String, Object> answers = Map.of("getBufferSize", 4_800, "available", 800);
        Class<?>[] kinds = {kind};
        return kind.cast(Proxy.newProxyInstance(kind.getClassLoader(), kinds, (self, method, values) -> {
            calls.add(method.getName());
            return switch (method.getName()) {
                case "write" -> {
                    int count = Math.min(most, (int) values[2]);
                    played.write((byte[]) values[0], (int) values[1], count);
                    yield count;
                }
                case "read" -> {
                    Arrays.fill((byte[]) values[0], (int) values[1], (int) values[2], (byte) 0x11);
                    yield Math.min(most, (int) values[2]);
                }
                case "open", "start", "stop", "close" -> null;
                default -> answers.get(method.getName());
            };
        }));
    }

    private <T extends javax.sound.sampled.DataLine> MixerLine open(Class<T> kind, PcmParameters parameters,
            PcmFormat host) throws Exception {
        AudioFormat wanted = HostFormat.of(host, parameters.rate(), parameters.channels());
        return MixerLine.open(line(kind), wanted, 4_800, parameters, host);
    }

    @Test
    void frames_are_played_as_they_are_if_the_host_takes_them() throws Exception {
        PcmParameters parameters = PcmParameters.of(PcmFormat.S16, PcmRate.HZ_48000, 2, 100);
        try (MixerLine line = open(SourceDataLine.class, parameters, PcmFormat.S16)) {
            line.pause(false);
            line.transfer(new byte[] {1, 2, 3, 4, 5, 6, 7, 8}, 8);
            line.pause(true);
            assertEquals(4_000, line.delay());
        }
        assertArrayEquals(new byte[] {1, 2, 3, 4, 5, 6, 7, 8}, played.toByteArray());
        assertEquals(List.of("open", "start", "write", "stop", "getBufferSize", "available", "close"), calls);
    }

    @Test
    void frames_are_converted_if_it_does_not() throws Exception {
        try (MixerLine line = open(SourceDataLine.class, SWAPPED, PcmFormat.S24_3)) {
            line.transfer(new byte[] {0x34, (byte) 0x92, 0, 0}, 4);
            assertEquals(4_000 / 3 * 2, line.delay(), 2);
        }
        assertArrayEquals(new byte[] {0, 0x34, 0x12, 0, 0, (byte) 0x80}, played.toByteArray());
    }

    @Test
    void what_is_recorded_is_converted_too() throws Exception {
        byte[] frames = new byte[4];
        try (MixerLine line = open(TargetDataLine.class, SWAPPED, PcmFormat.S16)) {
            line.transfer(frames, 4);
            assertEquals(800, line.delay());
        }
        assertArrayEquals(new byte[] {0x11, (byte) 0x91, 0x11, (byte) 0x91}, frames);
    }

    @Test
    void a_line_that_ends_is_an_error() throws Exception {
        most = 3;
        MixerLine line = open(SourceDataLine.class, SWAPPED, PcmFormat.U16);
        assertThrows(IOException.class, () -> line.transfer(new byte[8], 8));
    }

    @ParameterizedTest
    @EnumSource(PcmFormat.class)
    void every_format_has_one_that_any_mixer_takes(PcmFormat format) {
        if (!format.isReadable()) {
            return;
        }
        List<PcmFormat> candidates = HostFormat.candidates(format);
        assertTrue(candidates.contains(PcmFormat.S16));
        assertEquals(candidates.size(), Set.copyOf(candidates).size());
        for (PcmFormat candidate : candidates) {
            AudioFormat java = HostFormat.of(candidate, PcmRate.HZ_44100, 2);
            assertEquals(2 * candidate.bytes(), java.getFrameSize());
            assertEquals(44_100, java.getSampleRate());
        }
    }

    /** There may be speakers, and there may be none: both are said at once. */
    @Test
    void speakers_and_microphones_are_opened_in_no_time() throws Exception {
        PcmParameters parameters = PcmParameters.of(PcmFormat.S16, PcmRate.HZ_48000, 2, 100);
        HostAudio.speakers().open(parameters).close();
        HostAudio.microphone().open(parameters).close();
        assertTrue(HostAudio.speakers().formats().contains(PcmFormat.IEC958_SUBFRAME));
    }
}
