// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpio;

import io.virtio4j.core.wire.StateException;
import io.virtio4j.core.wire.StateReader;
import io.virtio4j.core.wire.StateWriter;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * What the driver has made of the lines. Directions and output values are the request queue's; interrupts are
 * shared by it, the event queue and the backend's threads, a word for each line.
 */
final class Lines {

    /** In a line's interrupt word beside the trigger: an edge came and was not told yet. */
    private static final int LATCHED = 0x10;
    private static final int TRIGGER = 0x0F;

    private final int count;
    private final GpioDirection[] directions;
    private final boolean[] outputs;
    private final AtomicIntegerArray interrupts;

    /** Lines that the event queue has to look at, a bit each. */
    private final AtomicLongArray due;

    Lines(int count) {
        this.count = count;
        directions = new GpioDirection[count];
        outputs = new boolean[count];
        interrupts = new AtomicIntegerArray(count);
        due = new AtomicLongArray(count + Long.SIZE - 1 >>> 6);
        clear();
    }

    int count() {
        return count;
    }

    /** Back to the beginning. */
    void clear() {
        for (int line = 0; line < count; line++) {
            forget(line);
        }
    }

    /** Discards everything about a line. */
    void forget(int line) {
        directions[line] = GpioDirection.NONE;
        outputs[line] = false;
        interrupts.set(line, GpioTrigger.NONE.code());
    }

    // ── Directions and values ──────────────────────────────────────────────

    GpioDirection direction(int line) {
        return directions[line];
    }

    void direction(int line, GpioDirection direction) {
        directions[line] = direction;
    }

    /** The level that the driver wants, when the line is an output. */
    boolean output(int line) {
        return outputs[line];
    }

    void output(int line, boolean high) {
        outputs[line] = high;
    }

    // ── Interrupts ─────────────────────────────────────────────────────────

    private static GpioTrigger triggerOf(int word) {
        return Objects.requireNonNull(GpioTrigger.of(word & TRIGGER));
    }

    GpioTrigger trigger(int line) {
        return triggerOf(interrupts.get(line));
    }

    /** Enables or disables the interrupt; what was latched is forgotten. */
    void trigger(int line, GpioTrigger trigger) {
        interrupts.set(line, trigger.code());
    }

    /** What an edge or a level change comes to. */
    enum Sensed { NOTHING, DUE, MERGED }

    /** The level changed; latches an edge if the driver wants it. Any thread. */
    Sensed sense(int line, boolean high) {
        while (true) {
            int word = interrupts.get(line);
            GpioTrigger trigger = triggerOf(word);
            if (!trigger.isMetBy(high)) {
                return Sensed.NOTHING;
            }
            // > The device MUST NOT latch an level interrupt if the interrupt is enabled but still masked.
            if (trigger.isLevel()) {
                return Sensed.DUE;
            }
            if ((word & LATCHED) != 0) {
                return Sensed.MERGED;
            }
            // > The device MUST latch an edge interrupt if the interrupt is enabled but still masked.
            if (interrupts.compareAndSet(line, word, word | LATCHED)) {
                return Sensed.DUE;
            }
        }
    }

    /** Takes a latched edge, if there is one. */
    boolean takeEdge(int line) {
        int word = interrupts.get(line);
        while ((word & LATCHED) != 0) {
            if (interrupts.compareAndSet(line, word, word & ~LATCHED)) {
                return true;
            }
            word = interrupts.get(line);
        }
        return false;
    }

    /** Has the event queue look at a line. Any thread. */
    void setDue(int line) {
        int index = line >>> 6;
        long bits;
        do {
            bits = due.get(index);
        } while (!due.compareAndSet(index, bits, bits | 1L << line));
    }

    int dueWords() {
        return due.length();
    }

    /** Takes the due lines {@code 64 * index} and following. */
    long takeDue(int index) {
        return due.get(index) == 0 ? 0 : due.getAndSet(index, 0);
    }

    // ── State ──────────────────────────────────────────────────────────────

    void save(StateWriter out) {
        out.le16(count);
        for (int line = 0; line < count; line++) {
            out.u8(directions[line].code()).flag(outputs[line]).u8(interrupts.get(line));
        }
    }

    /** Reads saved lines; nothing of this object changes before all are read and possible. */
    Runnable restore(StateReader in, boolean negotiated) {
        int saved = in.le16();
        if (saved != count) {
            throw new StateException("saved lines are others: saved=" + saved + " lines=" + count);
        }
        GpioDirection[] newDirections = new GpioDirection[count];
        boolean[] newOutputs = new boolean[count];
        int[] newInterrupts = new int[count];
        for (int line = 0; line < count; line++) {
            GpioDirection direction = GpioDirection.of(in.u8());
            newOutputs[line] = in.flag();
            int word = in.u8();
            GpioTrigger trigger = GpioTrigger.of(word & TRIGGER);
            if (direction == null || trigger == null || (word & ~(TRIGGER | LATCHED)) != 0
                    || (word & LATCHED) != 0 && !trigger.isEdge()
                    || trigger != GpioTrigger.NONE && (!negotiated || direction == GpioDirection.OUT)) {
                throw new StateException("saved line cannot be: line=" + line + " interrupt=" + word);
            }
            newDirections[line] = direction;
            newInterrupts[line] = word;
        }
        return () -> {
            System.arraycopy(newDirections, 0, directions, 0, count);
            System.arraycopy(newOutputs, 0, outputs, 0, count);
            for (int line = 0; line < count; line++) {
                interrupts.set(line, newInterrupts[line]);
            }
        };
    }
}
