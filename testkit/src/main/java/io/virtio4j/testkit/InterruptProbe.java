// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit;

import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;

/**
 * Stands for the interrupt controller: counts what arrives on each vector. Safe for use by several threads;
 * never blocks the thread that raises.
 *
 * <p>A transport's test connects it with one line: {@code level -> probe.level(0, level)} for a wired
 * interrupt, {@code (address, data) -> probe.raise((int) data)} for messages. {@link PciPort} programs
 * each message with its vector as data.
 */
public final class InterruptProbe {

    /** The vector of configuration change notifications of {@link DirectPort}. */
    public static final int CONFIGURATION = -1;

    private static final long AGAIN_NANOS = 100_000;

    private final Map<Integer, Long> counts = new TreeMap<>();
    private final Map<Integer, Boolean> levels = new TreeMap<>();
    private long total;

    /** Creates a probe that saw nothing. */
    public InterruptProbe() {}

    /** An edge, or a message, arrived. */
    public synchronized void raise(int vector) {
        counts.merge(vector, 1L, Long::sum);
        total++;
        notifyAll();
    }

    /** A wired interrupt has this level now; a rising one counts. */
    public synchronized void level(int vector, boolean high) {
        Boolean before = levels.put(vector, high);
        if (high && !Boolean.TRUE.equals(before)) {
            raise(vector);
        }
    }

    /** Whether a wired interrupt is high. */
    public synchronized boolean isHigh(int vector) {
        return Boolean.TRUE.equals(levels.get(vector));
    }

    /** Whether any wired interrupt is high. */
    public synchronized boolean isHigh() {
        return levels.containsValue(true);
    }

    /** How many interrupts arrived on a vector. */
    public synchronized long count(int vector) {
        return counts.getOrDefault(vector, 0L);
    }

    /** How many interrupts arrived. */
    public synchronized long total() {
        return total;
    }

    /**
     * Waits for an interrupt on any vector. A wired one that is still high is one more, as a processor
     * enters its handler again; a moment later, for those that loop without acknowledging.
     *
     * @param beyond a total that was seen before
     * @return whether {@link #total()} passed it in time, or a wired interrupt is high
     */
    public synchronized boolean await(long beyond, Duration timeout) {
        long start = System.nanoTime();
        while (total <= beyond) {
            boolean high = levels.containsValue(true);
            long patience = high ? Math.min(AGAIN_NANOS, timeout.toNanos()) : timeout.toNanos();
            long left = start + patience - System.nanoTime();
            if (left <= 0) {
                return high;
            }
            try {
                wait(left / 1_000_000, (int) (left % 1_000_000));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return false;
            }
        }
        return true;
    }

    @Override
    public synchronized String toString() {
        return "InterruptProbe" + counts;
    }
}
