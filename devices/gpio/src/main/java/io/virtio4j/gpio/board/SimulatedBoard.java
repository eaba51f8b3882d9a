// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpio.board;

import io.virtio4j.gpio.GpioBackend;
import io.virtio4j.gpio.GpioDirection;
import io.virtio4j.gpio.GpioPort;
import io.virtio4j.gpio.GpioTrigger;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lines without hardware: the board that a driver or firmware developer's test stands for. Java code drives
 * lines and watches them, wires them together, and records what happens as a waveform.
 *
 * <p>Any thread may use it. Changes are made one after the other; reading a line never waits.
 */
public final class SimulatedBoard implements GpioBackend {

    private static final Logger LOG = LoggerFactory.getLogger(SimulatedBoard.class);

    /** Changes that may follow from one: a loop of watchers that drive each other ends here. */
    private static final int MOST_CHANGES = 10_000;

    private record Change(SimulatedLine line, LineState state, long nanos) {}

    private record Wire(SimulatedLine from, SimulatedLine to) {}

    private final List<SimulatedLine> lines;
    private final LongSupplier clock;
    private final List<LineWatcher> watchers = new CopyOnWriteArrayList<>();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition somethingChanged = lock.newCondition();
    private volatile @Nullable GpioPort port;

    // Guarded by the lock.
    private final List<Wire> wires = new ArrayList<>();
    private final ArrayDeque<Change> changes = new ArrayDeque<>();
    private boolean telling;

    private SimulatedBoard(List<String> names, LongSupplier clock) {
        this.clock = clock;
        List<SimulatedLine> made = new ArrayList<>();
        Set<String> seen = new HashSet<>();
        for (String name : names) {
            if (!name.isEmpty() && !seen.add(name)) {
                throw new IllegalArgumentException("lines need different names, or none: name=" + name);
            }
            made.add(new SimulatedLine(this, made.size(), name));
        }
        lines = List.copyOf(made);
    }

    /** A board with a line for each name; an empty name leaves a line without one. */
    public static SimulatedBoard of(String... names) {
        return new SimulatedBoard(Arrays.asList(names), System::nanoTime);
    }

    /**
     * As {@link #of(String...)}, with a clock of one's own.
     *
     * @param nanoClock nanoseconds since anything; does not go back
     */
    public static SimulatedBoard of(List<String> names, LongSupplier nanoClock) {
        return new SimulatedBoard(names, nanoClock);
    }

    // ── For the board's maker ──────────────────────────────────────────────

    /** The line with this number. */
    public SimulatedLine line(int number) {
        return lines.get(number);
    }

    /**
     * The line with this name.
     *
     * @throws IllegalArgumentException if there is none
     */
    public SimulatedLine line(String name) {
        return lines.stream().filter(line -> line.name().equals(name)).findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no such line: name=" + name + " lines=" + lines));
    }

    /** All lines, by number. */
    public List<SimulatedLine> all() {
        return lines;
    }

    /**
     * Wires two lines together: what drives one drives both.
     *
     * @return cuts the wire
     */
    public Connection wire(SimulatedLine from, SimulatedLine to) {
        if (!lines.contains(from) || !lines.contains(to)) {
            throw new IllegalArgumentException("lines of another board: from=" + from + " to=" + to);
        }
        Wire wire = new Wire(from, to);
        change(() -> {
            wires.add(wire);
            rewire(wire);
        });
        return () -> change(() -> {
            if (wires.remove(wire)) {
                rewire(wire);
            }
        });
    }

    /** As {@link #wire(SimulatedLine, SimulatedLine)}, by names. */
    public Connection wire(String from, String to) {
        return wire(line(from), line(to));
    }

    private void rewire(Wire changed) {
        for (SimulatedLine end : List.of(changed.from, changed.to)) {
            List<SimulatedLine> reached = reached(end);
            reached.forEach(line -> line.join(reached));
            end.settle();
        }
    }

    private List<SimulatedLine> reached(SimulatedLine from) {
        Set<SimulatedLine> reached = new HashSet<>();
        ArrayDeque<SimulatedLine> next = new ArrayDeque<>(List.of(from));
        for (SimulatedLine line = next.poll(); line != null; line = next.poll()) {
            if (reached.add(line)) {
                for (Wire wire : wires) {
                    if (wire.from == line) {
                        next.add(wire.to);
                    } else if (wire.to == line) {
                        next.add(wire.from);
                    }
                }
            }
        }
        return reached.stream().sorted(Comparator.comparingInt(SimulatedLine::number)).toList();
    }

    /**
     * Watches all lines.
     *
     * @return ends that
     */
    public Connection watch(LineWatcher watcher) {
        watchers.add(watcher);
        return () -> watchers.remove(watcher);
    }

    /**
     * Records all lines from now on as a waveform, in the Value Change Dump format that GTKWave and others
     * open. Replaces the file.
     *
     * @return ends the recording
     */
    public WaveformRecorder record(Path file) throws IOException {
        return record(Files.newBufferedWriter(file));
    }

    /** As {@link #record(Path)}; the recorder closes what it writes to. */
    public WaveformRecorder record(Writer out) throws IOException {
        lock.lock();
        try {
            WaveformRecorder recorder = new WaveformRecorder(this, out);
            recorder.begin(watch(recorder), clock.getAsLong());
            return recorder;
        } finally {
            lock.unlock();
        }
    }

    // ── Changes ────────────────────────────────────────────────────────────

    long now() {
        return clock.getAsLong();
    }

    /** Does something between two changes. */
    void between(Runnable action) {
        lock.lock();
        try {
            action.run();
        } finally {
            lock.unlock();
        }
    }

    /** Makes a change, tells of it and of what follows from it. */
    void change(Runnable change) {
        List<Change> told = new ArrayList<>(1);
        lock.lock();
        boolean outermost = !telling;
        try {
            telling = true;
            change.run();
            somethingChanged.signalAll();
            if (outermost) {
                tell(told);
            }
        } finally {
            if (outermost) {
                telling = false;
            }
            lock.unlock();
        }
        // Without the lock: what follows in the device may wait for whoever waits for it.
        GpioPort connected = port;
        if (connected != null) {
            for (Change each : told) {
                connected.changed(each.line.number(), each.state.isHigh());
            }
        }
    }

    /** A line changed; told when those before are. */
    void changed(SimulatedLine line, LineState state) {
        changes.add(new Change(line, state, clock.getAsLong()));
    }

    private void tell(List<Change> told) {
        for (Change change = changes.poll(); change != null; change = changes.poll()) {
            if (told.size() == MOST_CHANGES) {
                changes.clear();
                throw new IllegalStateException("board does not come to rest, watchers drive each other: line="
                        + change.line);
            }
            told.add(change);
            for (LineWatcher watcher : watchers) {
                tell(watcher, change);
            }
            for (LineWatcher watcher : change.line.watchers()) {
                tell(watcher, change);
            }
        }
    }

    private static void tell(LineWatcher watcher, Change change) {
        try {
            watcher.changed(change.line, change.state, change.nanos);
        } catch (RuntimeException e) {
            LOG.error("watcher failed, it must not throw: line={} watcher={}", change.line, watcher, e);
        }
    }

    boolean await(BooleanSupplier condition, Duration patience) throws InterruptedException {
        long left = patience.toNanos();
        lock.lock();
        try {
            while (!condition.getAsBoolean()) {
                if (left <= 0) {
                    return false;
                }
                left = somethingChanged.awaitNanos(left);
            }
            return true;
        } finally {
            lock.unlock();
        }
    }

    // ── For the device ─────────────────────────────────────────────────────

    @Override
    public int lines() {
        return lines.size();
    }

    @Override
    public String name(int line) {
        return lines.get(line).name();
    }

    @Override
    public void attach(GpioPort newPort) {
        port = newPort;
    }

    @Override
    public void release(int line) {
        lines.get(line).use(GpioDirection.NONE, null);
    }

    @Override
    public void input(int line) {
        lines.get(line).use(GpioDirection.IN, null);
    }

    @Override
    public void output(int line, boolean high) {
        lines.get(line).use(GpioDirection.OUT, high);
    }

    @Override
    public boolean isHigh(int line) {
        return lines.get(line).isHigh();
    }

    /** Every change is told anyway. */
    @Override
    public void watch(int line, GpioTrigger trigger) {
        lines.get(line).use(trigger);
    }

    /** Does nothing: a board is memory only. */
    @Override
    public void close() {}

    @Override
    public String toString() {
        return "board " + lines;
    }
}
