// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.examples.board;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.gpio.board.SimulatedBoard;
import io.virtio4j.gpio.board.WaveformRecorder;
import java.io.IOException;
import java.io.StringWriter;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** What a board recorded is drawn. */
class WaveformPictureTest {

    private static List<String> recorded() throws IOException {
        AtomicLong clock = new AtomicLong();
        SimulatedBoard board = SimulatedBoard.of(List.of("button", "led"), clock::get);
        StringWriter out = new StringWriter();
        try (WaveformRecorder recorder = board.record(out)) {
            clock.set(1_500_000_000);
            recorder.remark("gpioset <led>=1");
            board.output(1, true);
            clock.set(2_000_000_000);
            board.line("button").pulse();
        }
        return out.toString().lines().toList();
    }

    @Test
    void a_recording_is_read_back() throws IOException {
        Waveform read = Waveform.parse(recorded());
        assertEquals(List.of("button", "led"), read.names());
        assertEquals(List.of(0L, 1_500_000_000L, 2_000_000_000L), List.copyOf(read.moments().keySet()));
        assertEquals(List.of("gpioset <led>=1"), read.moments().get(1_500_000_000L).remarks());
        assertEquals('1', read.moments().get(1_500_000_000L).states().get(1));
    }

    @Test
    void a_picture_has_every_line_and_every_remark() throws IOException {
        String picture = WaveformPicture.draw(Waveform.parse(recorded()));
        assertTrue(picture.startsWith("<svg "), picture);
        assertTrue(picture.endsWith("</svg>\n"), picture);
        for (String part : List.of(">button<", ">led<", ">gpioset &lt;led&gt;=1<", ">1.500 s<", "stroke-dasharray")) {
            assertTrue(picture.contains(part), part);
        }
    }

    @Test
    void what_is_no_waveform_is_refused() {
        assertThrows(IllegalArgumentException.class, () -> Waveform.parse(List.of("something")));
        assertThrows(IllegalArgumentException.class, () -> Waveform.parse(List.of("#0", "1?")));
    }
}
