// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpio.board;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Value Change Dumps, as IEEE 1364 has them. */
class WaveformRecorderTest {

    private final AtomicLong clock = new AtomicLong(5_000);

    private SimulatedBoard board(String... names) {
        return SimulatedBoard.of(List.of(names), clock::get);
    }

    @Test
    void a_waveform_has_what_was_there_and_every_change(@TempDir Path directory) throws IOException {
        SimulatedBoard board = board("button", "red led [0]", "");
        board.line(0).drive(true);
        Path file = directory.resolve("board.vcd");
        try (WaveformRecorder recorder = board.record(file)) {
            clock.addAndGet(10);
            board.output(1, true);
            board.line(0).drive(false);
            clock.addAndGet(20);
            recorder.remark("gpioset led=1 \\ off");
            board.line(1).drive(false);
            clock.addAndGet(5);
        }
        board.line(0).drive(true);
        assertEquals("""
                $version virtio4j $end
                $timescale 1 ns $end
                $scope module board $end
                $var string 1 ! remarks $end
                $var wire 1 " button $end
                $var wire 1 # red_led__0_ $end
                $var wire 1 $ line2 $end
                $upscope $end
                $enddefinitions $end
                #0
                $dumpvars
                s !
                1"
                z#
                z$
                $end
                #10
                1#
                0"
                #30
                sgpioset\\x20led=1\\x20\\x5c\\x20off !
                x#
                #35
                """, Files.readString(file));
    }

    @Test
    void identifiers_of_many_lines_differ() throws IOException {
        SimulatedBoard board = SimulatedBoard.of(Collections.nCopies(10_000, ""), clock::get);
        StringWriter out = new StringWriter();
        board.record(out).close();
        Set<String> identifiers = new HashSet<>();
        out.toString().lines().filter(line -> line.startsWith("$var wire"))
                .forEach(line -> identifiers.add(line.split(" ")[3]));
        assertEquals(10_000, identifiers.size());
        assertTrue(identifiers.stream().allMatch(each -> each.matches("[!-~]{1,3}")));
    }

    @Test
    void what_could_not_be_written_is_told_at_the_end_and_disturbs_nobody() throws IOException {
        SimulatedBoard board = board("a");
        Writer full = new Writer() {
            private int left = 400;

            @Override
            public void write(char[] text, int offset, int length) throws IOException {
                left -= length;
                if (left < 0) {
                    throw new IOException("disk is full, as the test wants");
                }
            }

            @Override
            public void flush() {}

            @Override
            public void close() {}
        };
        WaveformRecorder recorder = board.record(full);
        for (int i = 0; i < 1000; i++) {
            board.line(0).pulse();
        }
        assertEquals("disk is full, as the test wants",
                assertThrows(UncheckedIOException.class, recorder::close).getCause().getMessage());
        recorder.close();
    }
}
