// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.sound.backend;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.virtio4j.sound.pcm.PcmFormat;
import io.virtio4j.sound.pcm.PcmParameters;
import io.virtio4j.sound.pcm.PcmRate;
import io.virtio4j.sound.pcm.PcmSink;
import io.virtio4j.sound.pcm.PcmSource;
import io.virtio4j.sound.pcm.Samples;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** WAV files, written and read. */
class WavTest {

    private static final int HEADER = 44;

    @TempDir
    private Path directory;
    private Path file;

    @BeforeEach
    void name() {
        file = directory.resolve("sound.wav");
    }

    private static PcmParameters stereo(PcmFormat format) {
        return PcmParameters.of(format, PcmRate.HZ_22050, 2, 100);
    }

    private static ByteBuf random(int bytes) {
        byte[] random = new byte[bytes];
        new Random(bytes).nextBytes(random);
        return Unpooled.wrappedBuffer(random);
    }

    private byte[] record(PcmParameters parameters, ByteBuf... pieces) throws IOException {
        try (PcmSink sink = WavOutput.to(file).open(parameters)) {
            for (ByteBuf piece : pieces) {
                sink.write(piece);
                assertEquals(0, piece.readableBytes());
            }
        }
        return Files.readAllBytes(file);
    }

    static Stream<PcmFormat> readable() {
        return PcmFormat.readable().stream();
    }

    @ParameterizedTest
    @MethodSource("readable")
    void a_file_holds_every_sample_and_says_what_it_is(PcmFormat format) throws IOException {
        PcmParameters parameters = stereo(format);
        ByteBuf sent = random(parameters.frameBytes() * 10_000);
        byte[] bytes = record(parameters, sent.slice(0, sent.capacity() / 2),
                sent.slice(sent.capacity() / 2, sent.capacity() / 2));
        ByteBuffer header = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        PcmFormat stored = WavFormat.stored(format);

        assertEquals("RIFF", new String(bytes, 0, 4, StandardCharsets.US_ASCII));
        assertEquals("WAVEfmt ", new String(bytes, 8, 8, StandardCharsets.US_ASCII));
        assertEquals(bytes.length - 8, header.getInt(4));
        assertEquals(2, header.getShort(22));
        assertEquals(22_050, header.getInt(24));
        assertEquals(22_050 * 2 * stored.bytes(), header.getInt(28));
        assertEquals(2 * stored.bytes(), header.getShort(32));
        assertEquals(8 * stored.bytes(), header.getShort(34));
        assertEquals(bytes.length - HEADER, header.getInt(40));
        assertEquals(20_000 * stored.bytes(), bytes.length - HEADER);
        if (stored == format) {
            assertArrayEquals(sent.array(), Arrays.copyOfRange(bytes, HEADER, bytes.length));
        }
        ByteBuf recorded = Unpooled.wrappedBuffer(bytes);
        for (int i = 0; i < 20_000; i++) {
            assertEquals(Samples.get(format, sent, i * format.bytes()),
                    Samples.get(stored, recorded, HEADER + i * stored.bytes()));
        }
    }

    @Test
    void silence_is_recorded_where_it_was_heard() throws IOException {
        PcmParameters parameters = stereo(PcmFormat.U8);
        try (PcmSink sink = WavOutput.to(file).open(parameters)) {
            sink.write(Unpooled.wrappedBuffer(new byte[] {1, 2}));
            sink.silence(2);
            sink.write(Unpooled.wrappedBuffer(new byte[] {3, 4}));
        }
        byte[] bytes = Files.readAllBytes(file);
        assertArrayEquals(new byte[] {1, 2, -128, -128, -128, -128, 3, 4},
                Arrays.copyOfRange(bytes, HEADER, bytes.length));
    }

    @Test
    void a_recording_can_be_listened_to_while_it_pauses() throws IOException {
        try (PcmSink sink = WavOutput.to(file).open(stereo(PcmFormat.S16))) {
            sink.write(random(400));
            sink.stop();
            assertEquals(HEADER + 400, Files.size(file));
            assertEquals(400, ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN).getInt(40));
            sink.write(random(400));
        }
        assertEquals(HEADER + 800, Files.size(file));
    }

    // ── Reading ────────────────────────────────────────────────────────────

    @Test
    void what_was_recorded_is_played_back_and_silence_follows() throws IOException {
        PcmParameters parameters = stereo(PcmFormat.S16);
        ByteBuf sent = random(200_000);
        record(parameters, sent.duplicate());
        try (PcmSource source = new WavInput(file).open(parameters)) {
            ByteBuf heard = Unpooled.buffer(250_000, 250_000);
            while (heard.writerIndex() < 200_000) {
                source.read(heard.slice(heard.writerIndex(), 4_000).clear());
                heard.writerIndex(heard.writerIndex() + 4_000);
            }
            assertArrayEquals(sent.array(), Arrays.copyOf(heard.array(), 200_000));
            ByteBuf after = Unpooled.buffer(400, 400);
            source.read(after);
            assertEquals(0, after.readableBytes());
        }
    }

    @Test
    void formats_and_channels_are_converted_and_frames_can_be_skipped() throws IOException {
        record(PcmParameters.of(PcmFormat.S8, PcmRate.HZ_8000, 1, 100),
                Unpooled.wrappedBuffer(new byte[] {10, 20, 30}));
        try (PcmSource source = new WavInput(file).open(PcmParameters.of(PcmFormat.S16, PcmRate.HZ_8000, 2, 100))) {
            source.skip(1);
            ByteBuf heard = Unpooled.buffer(100, 100);
            source.read(heard);
            assertEquals(8, heard.readableBytes());
            for (int value : new int[] {20, 20, 30, 30}) {
                assertEquals(value << 8, heard.readShortLE());
            }
        }
    }

    @Test
    void what_cannot_be_played_is_said() throws IOException {
        record(stereo(PcmFormat.S16), random(400));
        WavInput input = new WavInput(file);
        assertThrows(IOException.class,
                () -> input.open(PcmParameters.of(PcmFormat.S16, PcmRate.HZ_8000, 2, 100)));
        byte[] good = Files.readAllBytes(file);
        for (int length = 0; length < HEADER; length++) {
            Files.write(file, Arrays.copyOf(good, length));
            assertThrows(IOException.class, () -> input.open(stereo(PcmFormat.S16)), "length " + length);
        }
        byte[] strange = good.clone();
        strange[20] = 2; // ADPCM of another kind
        Files.write(file, strange);
        assertThrows(IOException.class, () -> input.open(stereo(PcmFormat.S16)));
        byte[] silent = good.clone();
        silent[22] = 0; // no channels
        Files.write(file, silent);
        assertThrows(IOException.class, () -> input.open(stereo(PcmFormat.S16)));
    }
}
