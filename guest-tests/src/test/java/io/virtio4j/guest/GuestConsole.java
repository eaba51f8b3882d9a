// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.regex.Pattern;

/**
 * The guest's first serial port and QEMU's own messages: what the kernel says. Kept whole in a
 * file, and the tail in memory. The port is shared with QEMU's monitor: Ctrl-A is the escape
 * character.
 */
final class GuestConsole {

    private static final int TAIL_LINES = 500;
    private static final String ESCAPE = "\u0001";

    /** What a healthy kernel with a healthy device does not say. */
    private static final Pattern COMPLAINT = Pattern.compile(
        "Kernel panic|BUG:|Oops|WARNING:|Call Trace|blocked for more than|soft lockup"
        + "|self-detected stall|nobody cared|I/O error|EXT4-fs (error|warning)|JBD2: |timed out"
        + "|virtio.*(is not a head|broken|failed|unexpected)|qemu-system-x86_64:");

    private final InputStream output;
    private final OutputStream input;
    private final Path file;
    private final Thread reader;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Deque<String> tail = new ArrayDeque<>();
    private final List<String> complaints = new ArrayList<>();
    private boolean ended;

    private GuestConsole(InputStream output, OutputStream input, Path file) {
        this.output = output;
        this.input = input;
        this.file = file;
        this.reader = Thread.ofPlatform().daemon().name("guest-console").unstarted(this::read);
    }

    /** Reads a guest's console until its end; a copy goes to a file. */
    static GuestConsole follow(InputStream output, OutputStream input, Path file) {
        GuestConsole console = new GuestConsole(output, input, file);
        console.reader.start();
        return console;
    }

    private void read() {
        try (BufferedReader lines =
                 new BufferedReader(new InputStreamReader(output, StandardCharsets.UTF_8));
             Writer copy = Files.newBufferedWriter(file)) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                add(line.stripTrailing());
                copy.write(line);
                copy.write('\n');
                copy.flush();
            }
        } catch (IOException closed) {
            // The end of QEMU; whoever waits is told so below.
        } finally {
            end();
        }
    }

    private void add(String line) {
        lock.lock();
        try {
            tail.addLast(line);
            if (tail.size() > TAIL_LINES) {
                tail.removeFirst();
            }
            if (COMPLAINT.matcher(line).find()) {
                complaints.add(line);
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void end() {
        lock.lock();
        try {
            ended = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** The last lines. */
    String tail() {
        lock.lock();
        try {
            return String.join("\n", tail);
        } finally {
            lock.unlock();
        }
    }

    /** Every line so far that a healthy guest does not print. */
    List<String> complaints() {
        lock.lock();
        try {
            return List.copyOf(complaints);
        } finally {
            lock.unlock();
        }
    }

    Path file() {
        return file;
    }

    /** Waits until one of the last lines contains a text; returns whether one does. */
    boolean await(String text, Duration timeout) throws InterruptedException {
        long nanos = timeout.toNanos();
        lock.lockInterruptibly();
        try {
            while (tail.stream().noneMatch(line -> line.contains(text))) {
                if (ended || nanos <= 0) {
                    return false;
                }
                nanos = changed.awaitNanos(nanos);
            }
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** Waits until everything that QEMU wrote has been read. */
    void drain(Duration timeout) throws InterruptedException {
        reader.join(timeout);
    }

    /** Presses a "magic system request" key: {@code w} prints every blocked task. */
    void systemRequest(char key) throws IOException {
        write(ESCAPE + "b" + key);
    }

    /** Gives QEMU's monitor a command; the answer appears on the console. */
    void monitor(String command) throws IOException {
        write(ESCAPE + "c" + command + "\r" + ESCAPE + "c");
    }

    /** Types a line, for whoever reads it in the guest. */
    void type(String line) throws IOException {
        write(line + "\r");
    }

    private void write(String text) throws IOException {
        input.write(text.getBytes(StandardCharsets.US_ASCII));
        input.flush();
    }
}
