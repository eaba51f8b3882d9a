// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpio.board;

import io.virtio4j.gpio.GpioDirection;
import io.virtio4j.gpio.GpioTrigger;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/** One line of a {@link SimulatedBoard}, from the board's side. Any thread. */
public final class SimulatedLine {

    private final SimulatedBoard board;
    private final int number;
    private final String name;
    private final List<LineWatcher> watchers = new CopyOnWriteArrayList<>();

    /** What is on it, for readers that hold no lock. */
    private volatile LineState state = LineState.FLOATING;
    private volatile GpioDirection direction = GpioDirection.NONE;
    private volatile GpioTrigger trigger = GpioTrigger.NONE;

    // Guarded by the board.
    private @Nullable Boolean drivenByGuest;
    private @Nullable Boolean driven;
    private Pull pull = Pull.NONE;
    private List<SimulatedLine> net = List.of(this);

    SimulatedLine(SimulatedBoard board, int number, String name) {
        this.board = board;
        this.number = number;
        this.name = name;
    }

    /** Its number, from 0. */
    public int number() {
        return number;
    }

    /** Its name; empty if it has none. */
    public String name() {
        return name;
    }

    /** What is on it. */
    public LineState state() {
        return state;
    }

    /** Whether it reads as high. */
    public boolean isHigh() {
        return state.isHigh();
    }

    /** What the driver uses it for. */
    public GpioDirection direction() {
        return direction;
    }

    /** What of it interrupts the driver. */
    public GpioTrigger trigger() {
        return trigger;
    }

    // ── Driving ────────────────────────────────────────────────────────────

    /** Drives the line from outside, as a sensor or a switch does. */
    public void drive(boolean high) {
        board.change(() -> {
            driven = high;
            settle();
        });
    }

    /** Drives the line to the other level and back: two edges. */
    public void pulse() {
        boolean high = isHigh();
        drive(!high);
        drive(high);
    }

    /** Stops driving it from outside. */
    public void release() {
        board.change(() -> {
            driven = null;
            settle();
        });
    }

    /** Connects a resistor. */
    public void pull(Pull newPull) {
        board.change(() -> {
            pull = newPull;
            settle();
        });
    }

    /** The driver uses the line like this, and drives it if there is a level. */
    void use(GpioDirection newDirection, @Nullable Boolean level) {
        board.change(() -> {
            direction = newDirection;
            drivenByGuest = level;
            settle();
        });
    }

    /** The driver wants to be interrupted by this. */
    void use(GpioTrigger newTrigger) {
        board.change(() -> trigger = newTrigger);
    }

    // ── Watching ───────────────────────────────────────────────────────────

    /**
     * Watches the line.
     *
     * @return ends that
     */
    public Connection watch(LineWatcher watcher) {
        watchers.add(watcher);
        return () -> watchers.remove(watcher);
    }

    /**
     * Waits until the line reads as wanted.
     *
     * @return whether it did in time
     */
    public boolean await(boolean high, Duration patience) throws InterruptedException {
        return board.await(() -> isHigh() == high, patience);
    }

    /** Waits until the driver uses the line as wanted; says whether it did in time. */
    public boolean await(GpioDirection wanted, Duration patience) throws InterruptedException {
        return board.await(() -> direction == wanted, patience);
    }

    /** Waits until the driver wants to be interrupted as wanted; says whether it did in time. */
    public boolean await(GpioTrigger wanted, Duration patience) throws InterruptedException {
        return board.await(() -> trigger == wanted, patience);
    }

    List<LineWatcher> watchers() {
        return watchers;
    }

    // ── Wires ──────────────────────────────────────────────────────────────

    /** Puts the line on a wire with these; itself among them. */
    void join(List<SimulatedLine> lines) {
        net = lines;
    }

    List<SimulatedLine> net() {
        return net;
    }

    /** Works out what is on the wire, and notes the lines on it that change. */
    void settle() {
        LineState now = resolve();
        for (SimulatedLine line : new ArrayList<>(net)) {
            if (line.state != now) {
                line.state = now;
                board.changed(line, now);
            }
        }
    }

    private LineState resolve() {
        boolean high = false;
        boolean low = false;
        boolean up = false;
        boolean down = false;
        for (SimulatedLine line : net) {
            high |= Boolean.TRUE.equals(line.driven) || Boolean.TRUE.equals(line.drivenByGuest);
            low |= Boolean.FALSE.equals(line.driven) || Boolean.FALSE.equals(line.drivenByGuest);
            up |= line.pull == Pull.UP;
            down |= line.pull == Pull.DOWN;
        }
        if (high && low) {
            return LineState.CONTENDED;
        }
        if (high || low) {
            return high ? LineState.HIGH : LineState.LOW;
        }
        if (up || down) {
            return down ? LineState.LOW : LineState.HIGH;
        }
        return LineState.FLOATING;
    }

    @Override
    public String toString() {
        return name.isEmpty() ? "line " + number : name;
    }
}
