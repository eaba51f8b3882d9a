// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.sound.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.virtio4j.sound.pcm.PcmFormat;
import io.virtio4j.sound.pcm.PcmParameters;
import io.virtio4j.sound.pcm.PcmRate;
import io.virtio4j.sound.pcm.PcmSource;
import io.virtio4j.sound.pcm.Samples;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A tone. */
class ToneInputTest {

    static Stream<PcmFormat> writable() {
        return PcmFormat.writable().stream();
    }

    @ParameterizedTest
    @MethodSource("writable")
    void has_its_frequency_and_level_in_every_format(PcmFormat format) {
        PcmParameters parameters = PcmParameters.of(format, PcmRate.HZ_8000, 2, 100);
        PcmSource tone = new ToneInput(1000, 0.25).open(parameters);
        ByteBuf heard = Unpooled.buffer(8 * parameters.frameBytes(), 8 * parameters.frameBytes());
        tone.read(heard);
        double fine = switch (format) {
            case S8, U8, MU_LAW, A_LAW -> 0.01;
            default -> 0.0001;
        };
        assertEquals(heard.capacity(), heard.readableBytes());
        for (int i = 0; i < 16; i++) {
            double expected = 0.25 * Math.sin(2 * Math.PI * (i / 2) / 8);
            assertEquals(expected, Samples.toReal(Samples.get(format, heard, i * format.bytes())), fine);
        }
    }

    @Test
    void goes_on_where_frames_were_lost() {
        PcmParameters parameters = PcmParameters.of(PcmFormat.S32, PcmRate.HZ_8000, 1, 100);
        PcmSource tone = ToneInput.sine(1000).open(parameters);
        tone.skip(8_000_002);
        ByteBuf heard = Unpooled.buffer(4, 4);
        tone.read(heard);
        assertEquals(0.5, Samples.toReal(heard.readIntLE()), 1e-6);
    }

    @Test
    void is_one_that_can_be() {
        assertThrows(IllegalArgumentException.class, () -> new ToneInput(0, 1));
        assertThrows(IllegalArgumentException.class, () -> new ToneInput(Double.NaN, 1));
        assertThrows(IllegalArgumentException.class, () -> new ToneInput(1, 1.1));
        assertThrows(IllegalArgumentException.class, () -> new ToneInput(1, -0.1));
    }
}
