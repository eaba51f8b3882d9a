// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.examples.demo;

import java.io.PrintStream;

/** Where the demo shows what it does: a terminal with one line that changes, or plain lines. */
final class Screen {

    private static final int BAR = 24;
    private static final long REDRAW_NANOS = 50_000_000;

    private final PrintStream out;
    private final boolean terminal;
    private final boolean verbose;
    private String line = "";
    private long drawn = System.nanoTime();

    Screen(PrintStream out, boolean terminal, boolean verbose) {
        this.out = out;
        this.terminal = terminal;
        this.verbose = verbose;
    }

    /**
     * Shows how far a run is; on a terminal only, and not more often than anybody can read, but for the end
     * of a step.
     *
     * @param total bytes; 0 if the step is one without a length
     */
    void progress(String title, String step, long bytes, long total) {
        long now = System.nanoTime();
        if (!terminal || bytes < total && now - drawn < REDRAW_NANOS) {
            return;
        }
        drawn = now;
        if (total == 0) {
            draw(title + "  " + step);
            return;
        }
        int filled = (int) Math.min(BAR, bytes * BAR / total);
        draw("%s  [%s%s] %3d %%  %s".formatted(
                title, "#".repeat(filled), ".".repeat(BAR - filled), Math.min(100, bytes * 100 / total), step));
    }

    private void draw(String text) {
        out.print("\r" + text + " ".repeat(Math.max(0, line.length() - text.length())));
        out.flush();
        line = text;
    }

    /** A line that stays. */
    void line(String text) {
        if (!line.isEmpty()) {
            out.print("\r" + " ".repeat(line.length()) + "\r");
            line = "";
        }
        out.println(text);
    }

    /** A line that stays, for those who want to know. */
    void detail(String text) {
        if (verbose) {
            line(text);
        }
    }

    /** Where something was thrown, for those who want to know. */
    void trace(Throwable thrown) {
        if (verbose) {
            line("");
            thrown.printStackTrace(out);
        }
    }
}
