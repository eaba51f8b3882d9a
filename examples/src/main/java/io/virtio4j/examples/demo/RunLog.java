// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.examples.demo;

import java.util.ArrayList;
import java.util.List;

/** What one run did so far, shown while it goes on. */
final class RunLog {

    private static final int MOST_ERRORS_KEPT = 20;

    private final Screen screen;
    private final String title;
    private final List<String> messages = new ArrayList<>();

    private String step = "";
    private long stepBytes;
    private long stepTotal;
    private long operations;
    private long bytes;
    private long errors;
    private List<String> features = List.of();

    RunLog(Screen screen, String title) {
        this.screen = screen;
        this.title = title;
    }

    /**
     * Begins a step.
     *
     * @param total how many bytes it will move; 0 if that does not matter
     */
    void step(String name, long total) {
        step = name;
        stepBytes = 0;
        stepTotal = total;
        screen.detail(title + "  " + name + (total == 0 ? "" : ", " + Text.bytes(total)));
        show();
    }

    /** The device completed an operation. */
    void operation(long moved) {
        operations++;
        bytes += moved;
        stepBytes += moved;
        show();
    }

    /** Something is not as it should be. */
    void error(String message) {
        errors++;
        if (messages.size() < MOST_ERRORS_KEPT) {
            messages.add(step.isEmpty() ? message : step + ": " + message);
        }
    }

    /** Something worth knowing, such as where to look. */
    void note(String message) {
        messages.add(message);
    }

    /** Something was thrown. */
    void error(Throwable thrown) {
        error(String.valueOf(thrown));
        screen.trace(thrown);
    }

    /** The driver and the device agreed. */
    void negotiated(List<String> names) {
        features = names;
    }

    private void show() {
        screen.progress(title, step, stepBytes, stepTotal);
    }

    long operations() {
        return operations;
    }

    long bytes() {
        return bytes;
    }

    long errors() {
        return errors;
    }

    /** What was negotiated, by name. */
    List<String> features() {
        return features;
    }

    /** The first errors, and notes. */
    List<String> messages() {
        return List.copyOf(messages);
    }
}
