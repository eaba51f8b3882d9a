// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.examples.sound;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.virtio4j.sound.backend.WavOutput;
import io.virtio4j.sound.pcm.PcmFormat;
import io.virtio4j.sound.pcm.PcmParameters;
import io.virtio4j.sound.pcm.PcmRate;
import io.virtio4j.sound.pcm.PcmSink;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import javax.sound.sampled.UnsupportedAudioFileException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a card recorded is drawn. */
class SoundPictureTest {

    @TempDir
    private Path directory;

    private Path record(PcmFormat format, int frames) throws IOException {
        Path file = directory.resolve("sound.wav");
        try (PcmSink sink = WavOutput.to(file).open(PcmParameters.of(format, PcmRate.HZ_8000, 2, 100))) {
            ByteBuf bytes = Unpooled.buffer();
            for (int i = 0; i < frames; i++) {
                bytes.writeShortLE(i < frames / 2 ? 16_384 : 0);
                bytes.writeShortLE(-16_384);
            }
            sink.write(bytes);
        }
        return file;
    }

    @Test
    void a_picture_has_a_band_for_each_channel_and_the_time() throws IOException, UnsupportedAudioFileException {
        String picture = SoundPicture.draw(record(PcmFormat.S16, 8_000));
        assertTrue(picture.startsWith("<svg ") && picture.endsWith("</svg>\n"), picture);
        for (String part : List.of(">left<", ">right<", ">0.00 s<", ">1.00 s<")) {
            assertTrue(picture.contains(part), part);
        }
        // Half of the full level up in the left band, then silence; and down in the right one.
        assertTrue(picture.contains("M70 50V51M71 50"), picture);
        assertTrue(picture.contains("M969 75V76\""), picture);
        assertEquals(900, picture.split("M\\d+ 210V211", -1).length - 1);
    }

    @Test
    void a_file_of_another_kind_is_refused() throws IOException {
        Path file = record(PcmFormat.U8, 100);
        assertThrows(IllegalArgumentException.class, () -> SoundPicture.draw(file));
    }
}
