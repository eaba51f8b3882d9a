// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpio.board;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import org.jspecify.annotations.Nullable;

/**
 * Writes what happens on a board as a Value Change Dump (IEEE 1364, four-state): a wire for each line, and a
 * string for remarks, which GTKWave shows beside them. Times are nanoseconds since the recording began.
 *
 * <p>A line that floats is {@code z}, one that is driven to both levels {@code x}.
 */
public final class WaveformRecorder implements LineWatcher, AutoCloseable {

    /** The identifier of the remarks; lines have those that follow. */
    private static final int REMARKS = 0;

    private final SimulatedBoard board;
    private final Writer out;
    private @Nullable Connection connection;
    private @Nullable IOException failed;
    private long start;
    private long written = -1;

    WaveformRecorder(SimulatedBoard board, Writer out) {
        this.board = board;
        this.out = out;
    }

    /** Writes what holds now. The board does not change meanwhile. */
    void begin(Connection newConnection, long now) throws IOException {
        connection = newConnection;
        start = now;
        out.write("$version virtio4j $end\n$timescale 1 ns $end\n$scope module board $end\n");
        out.write("$var string 1 " + identifier(REMARKS) + " remarks $end\n");
        for (SimulatedLine line : board.all()) {
            out.write("$var wire 1 " + identifier(line) + " " + reference(line) + " $end\n");
        }
        out.write("$upscope $end\n$enddefinitions $end\n");
        time(now);
        out.write("$dumpvars\ns " + identifier(REMARKS) + "\n");
        for (SimulatedLine line : board.all()) {
            out.write(line.state().sign() + identifier(line) + "\n");
        }
        out.write("$end\n");
    }

    /** Short, of the printable characters. */
    private static String identifier(int number) {
        StringBuilder text = new StringBuilder();
        for (int left = number; left >= 0; left = left / 94 - 1) {
            text.append((char) ('!' + left % 94));
        }
        return text.toString();
    }

    private static String identifier(SimulatedLine line) {
        return identifier(line.number() + 1);
    }

    /** A name without blanks and without the brackets of an index. */
    private static String reference(SimulatedLine line) {
        return line.name().isEmpty() ? "line" + line.number() : line.name().replaceAll("[\\s\\[\\]:]", "_");
    }

    private void time(long nanos) throws IOException {
        long at = Math.max(nanos - start, written);
        if (at != written) {
            written = at;
            out.write("#" + at + "\n");
        }
    }

    @Override
    public void changed(SimulatedLine line, LineState state, long nanos) {
        write(nanos, state.sign() + identifier(line) + "\n");
    }

    /** Adds a remark at this moment, such as a command that is about to run. Any thread. */
    public void remark(String text) {
        StringBuilder escaped = new StringBuilder();
        for (char c : text.toCharArray()) {
            escaped.append(c > ' ' && c < 0x7F && c != '\\' ? String.valueOf(c) : "\\x%02x".formatted(c & 0xFF));
        }
        board.between(() -> write(board.now(), "s" + escaped + " " + identifier(REMARKS) + "\n"));
    }

    private void write(long nanos, String change) {
        if (failed != null || connection == null) {
            return;
        }
        try {
            time(nanos);
            out.write(change);
        } catch (IOException e) {
            failed = e;
        }
    }

    /**
     * Ends the recording.
     *
     * @throws UncheckedIOException if not all of it could be written
     */
    @Override
    public void close() {
        board.between(this::end);
    }

    private void end() {
        Connection ended = connection;
        if (ended == null) {
            return;
        }
        ended.close();
        IOException first = failed;
        try {
            if (first == null) {
                time(board.now());
            }
            out.close();
        } catch (IOException e) {
            first = first == null ? e : first;
        }
        connection = null;
        if (first != null) {
            throw new UncheckedIOException("waveform is incomplete", first);
        }
    }
}
