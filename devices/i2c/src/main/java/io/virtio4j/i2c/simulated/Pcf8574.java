// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.i2c.simulated;

import java.util.function.Consumer;
import java.util.function.IntConsumer;

/**
 * An expander of the PCF8574 class: eight quasi-bidirectional pins P0 to P7, and the output INT. A pin whose latch
 * is 0 is low; one whose latch is 1 is pulled up weakly, and has the level that somebody else drives.
 *
 * <p>Methods may be called by any thread. Listeners are called by whoever caused it, in the middle of it, and must
 * not block.
 */
public final class Pcf8574 implements I2cTarget {

    private static final int PINS = 8;
    private static final int ALL = 0xFF;

    private int latch = ALL;
    /** Pins that somebody else pulls low. */
    private int pulledLow;
    /** The levels that the controller knows. */
    private int known = ALL;
    private boolean interrupting;

    private IntConsumer onLatch = value -> {};
    private Consumer<Boolean> onInterrupt = active -> {};

    /** Creates one as after power-up: all pins are inputs, and high. */
    public Pcf8574() {}

    /** Learns what the controller writes: a bit for each pin. */
    public synchronized void onLatch(IntConsumer listener) {
        onLatch = listener;
    }

    /** Learns whether INT is active, which is low on the wire. */
    public synchronized void onInterrupt(Consumer<Boolean> listener) {
        onInterrupt = listener;
    }

    /**
     * Drives a pin from outside. High is what the pin has by itself, unless its latch is 0.
     *
     * @param pin 0 to 7
     */
    public synchronized void drive(int pin, boolean high) {
        if (pin < 0 || pin >= PINS) {
            throw new IllegalArgumentException("a pin is 0 to 7: pin=" + pin);
        }
        int bit = 1 << pin;
        pulledLow = high ? pulledLow & ~bit : pulledLow | bit;
        interrupt(levels() != known);
    }

    /** The levels of all pins, a bit each. */
    public synchronized int levels() {
        return latch & ~pulledLow;
    }

    /** What the controller wrote last. */
    public synchronized int latch() {
        return latch;
    }

    /** Whether INT is active: an input is not as it was when the controller looked, or wrote, last. */
    public synchronized boolean isInterrupting() {
        return interrupting;
    }

    private void interrupt(boolean active) {
        if (active != interrupting) {
            interrupting = active;
            onInterrupt.accept(active);
        }
    }

    private void lookedAt() {
        known = levels();
        interrupt(false);
    }

    // ── The bus ────────────────────────────────────────────────────────────

    @Override
    public synchronized boolean write(int data) {
        boolean changes = latch != data;
        latch = data;
        lookedAt();
        if (changes) {
            onLatch.accept(data);
        }
        return true;
    }

    @Override
    public synchronized int read() {
        lookedAt();
        return levels();
    }

    @Override
    public String toString() {
        return "Pcf8574";
    }
}
