// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.sound.pcm;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.HexFormat;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Samples of every format as numbers. */
class SamplesTest {

    private static ByteBuf bytes(String hex) {
        return Unpooled.wrappedBuffer(HexFormat.of().parseHex(hex));
    }

    /** A sample in its bytes, and as a number of 32 bits. */
    @ParameterizedTest
    @CsvSource({
        "S8, 80, 80000000", "S8, 01, 01000000", "U8, 00, 80000000", "U8, 80, 00000000", "U8, ff, 7f000000",
        "S16, 3412, 12340000", "S16, 0080, 80000000", "U16, 3492, 12340000", "U16, 0000, 80000000",
        "S18_3, 010000, 00004000", "S18_3, 0000fe, 80000000", "U18_3, 000002, 00000000", "U18_3, ffff03, 7fffc000",
        "S20_3, ffff07, 7ffff000", "S20_3, 0000f8, 80000000", "U20_3, 000008, 00000000", "U20_3, ffff0f, 7ffff000",
        "S24_3, 563412, 12345600", "S24_3, 000080, 80000000", "U24_3, 563492, 12345600",
        "S20, ffff0700, 7ffff000", "S20, 0000f8ff, 80000000", "U20, 00000800, 00000000",
        "S24, 56341200, 12345600", "S24, 000080ff, 80000000", "U24, 56349200, 12345600",
        "S32, 78563412, 12345678", "U32, 78563492, 12345678",
        "FLOAT, 0000003f, 40000000", "FLOAT, 000080bf, 80000000",
        "FLOAT64, 000000000000e0bf, c0000000",
        // G.711: 0, the largest, the smallest step, both signs.
        "MU_LAW, ff, 00000000", "MU_LAW, 7f, 00000000", "MU_LAW, 80, 7d7c0000", "MU_LAW, 00, 82840000",
        "A_LAW, d5, 00080000", "A_LAW, 55, fff80000", "A_LAW, aa, 7e000000", "A_LAW, 2a, 82000000"})
    void is_the_number_that_it_should_be(PcmFormat format, String bytes, String number) {
        int expected = Integer.parseUnsignedInt(number, 16);
        assertEquals(expected, Samples.get(format, bytes(bytes), 0));
        boolean negativeZero = format == PcmFormat.MU_LAW && bytes.equals("7f");
        if (!negativeZero) {
            ByteBuf written = Unpooled.wrappedBuffer(new byte[format.bytes()]);
            Samples.set(format, written, 0, expected);
            assertEquals(bytes, HexFormat.of().formatHex(written.array()));
        }
    }

    @Test
    void a_subframe_has_its_audio_in_bits_4_to_27() {
        // preamble 8 in the low nibble, audio 0x123456, nothing in the high one
        assertEquals(0x12345600, Samples.get(PcmFormat.IEC958_SUBFRAME, bytes("68452301"), 0));
        // status bits are no audio
        assertEquals(0x12345600, Samples.get(PcmFormat.IEC958_SUBFRAME, bytes("684523f1"), 0));
        assertEquals(0x80000000, Samples.get(PcmFormat.IEC958_SUBFRAME, bytes("00000008"), 0));
    }

    static Stream<PcmFormat> writable() {
        return PcmFormat.writable().stream();
    }

    @ParameterizedTest
    @MethodSource("writable")
    void what_was_read_is_written_alike(PcmFormat format) {
        Random random = new Random(25);
        ByteBuf written = Unpooled.wrappedBuffer(new byte[8]);
        ByteBuf again = Unpooled.wrappedBuffer(new byte[8]);
        for (int i = 0; i < 10_000; i++) {
            int sample = random.nextInt();
            Samples.set(format, written, 0, sample);
            int read = Samples.get(format, written, 0);
            Samples.set(format, again, 0, read);
            assertArrayEquals(written.array(), again.array(), format + " seed 25 sample " + sample);
            double most = format == PcmFormat.MU_LAW || format == PcmFormat.A_LAW
                    ? Math.max(Math.abs((double) sample) / 16, 0x10_0000)
                    : Math.scalb(1.0, 32 - Math.min(format.width(), 25));
            assertTrue(Math.abs((double) sample - read) <= most, format + " sample " + sample + " read " + read);
        }
    }

    @ParameterizedTest
    @EnumSource(PcmFormat.class)
    void silence_is_no_signal(PcmFormat format) {
        if (!format.isReadable()) {
            assertThrows(IllegalArgumentException.class, () -> Samples.get(format, bytes("00000000"), 0));
            return;
        }
        ByteBuf silent = Unpooled.buffer(8).writeLongLE(format.silence());
        assertTrue(Math.abs(Samples.get(format, silent, 0)) <= 0x8_0000, format.toString());
    }

    @Test
    void what_is_beyond_the_range_is_clipped() {
        assertEquals(Integer.MAX_VALUE, Samples.fromReal(1.5));
        assertEquals(Integer.MIN_VALUE, Samples.fromReal(-2));
        assertEquals(0, Samples.fromReal(Double.NaN));
        assertEquals(-0.5, Samples.toReal(Samples.fromReal(-0.5)));
    }
}
