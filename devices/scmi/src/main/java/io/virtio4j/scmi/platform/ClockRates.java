// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.scmi.platform;

import java.util.Arrays;

/** The rates that a clock can have, ascending: single ones, or the lowest, the highest and the step of a range. */
final class ClockRates {

    static final int DOWN = 0;
    static final int UP = 1;
    static final int NEAREST = 2;

    static final long NONE = -1;

    private final long[] values;
    private final boolean range;

    private ClockRates(long[] values, boolean range) {
        this.values = values;
        this.range = range;
    }

    static ClockRates range(long lowest, long highest, long step) {
        if (lowest < 0 || step < 1 || highest <= lowest || (highest - lowest) % step != 0) {
            throw new IllegalArgumentException("a range of rates has a step that leads from the lowest to the"
                    + " highest: lowest=" + lowest + " highest=" + highest + " step=" + step);
        }
        return new ClockRates(new long[] {lowest, highest, step}, true);
    }

    static ClockRates single(long... rates) {
        long[] sorted = Arrays.stream(rates).sorted().distinct().toArray();
        if (sorted.length == 0 || sorted[0] < 0) {
            throw new IllegalArgumentException("a clock has rates, of 0 and more: rates="
                    + Arrays.toString(rates));
        }
        return new ClockRates(sorted, false);
    }

    boolean isRange() {
        return range;
    }

    int count() {
        return values.length;
    }

    long get(int index) {
        return values[index];
    }

    long lowest() {
        return values[0];
    }

    /** The rate that a wish leads to; {@link #NONE} if there is none in that direction. */
    long round(long wish, int direction) {
        long below = below(wish);
        long above = below == wish ? wish : above(wish);
        if (direction == DOWN) {
            return below;
        }
        if (direction == UP) {
            return above;
        }
        if (below == NONE || above == NONE) {
            return below == NONE ? above : below;
        }
        return wish - below <= above - wish ? below : above;
    }

    private long below(long wish) {
        if (wish < values[0]) {
            return NONE;
        }
        if (range) {
            return values[0] + (Math.min(wish, values[1]) - values[0]) / values[2] * values[2];
        }
        int at = Arrays.binarySearch(values, wish);
        return values[at >= 0 ? at : -at - 2];
    }

    private long above(long wish) {
        if (wish < values[0]) {
            return values[0];
        }
        if (range) {
            // Not on a step, so that there is a next one, if it is not beyond the highest.
            return wish > values[1] ? NONE : below(wish) + values[2];
        }
        int next = -Arrays.binarySearch(values, wish) - 1;
        return next == values.length ? NONE : values[next];
    }
}
