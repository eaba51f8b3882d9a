// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.scmi.platform;

import io.virtio4j.core.wire.StateException;
import io.virtio4j.core.wire.StateReader;
import io.virtio4j.core.wire.StateWriter;
import java.util.Arrays;

/** What agents set of a sensor. */
final class SensorSettings {

    static final int POSITIVE = 1;
    static final int NEGATIVE = 2;

    private final int[] modes;
    private final long[] thresholds;
    private boolean enabled = true;
    private boolean timestamped;
    private int intervalMillis;

    /** What its value was when it was looked at last. */
    private long seen;

    SensorSettings(int tripPoints, int intervalMillis) {
        modes = new int[tripPoints];
        thresholds = new long[tripPoints];
        this.intervalMillis = intervalMillis;
    }

    // ── Trip points ────────────────────────────────────────────────────────

    void trip(int point, int mode, long threshold, long now) {
        if (!hasTrips()) {
            seen = now;
        }
        modes[point] = mode;
        thresholds[point] = threshold;
    }

    boolean hasTrips() {
        for (int mode : modes) {
            if (mode != 0) {
                return true;
            }
        }
        return false;
    }

    /** What is done when a value passes a trip point. */
    interface Passing {
        void passed(int point, boolean rising);
    }

    /** Looks at a value: says which trip points lie between it and the one before. */
    void look(long now, Passing passing) {
        for (int point = 0; point < modes.length; point++) {
            long threshold = thresholds[point];
            if ((modes[point] & POSITIVE) != 0 && seen < threshold && now >= threshold) {
                passing.passed(point, true);
            } else if ((modes[point] & NEGATIVE) != 0 && seen >= threshold && now < threshold) {
                passing.passed(point, false);
            }
        }
        seen = now;
    }

    // ── Configuration ──────────────────────────────────────────────────────

    boolean isEnabled() {
        return enabled;
    }

    boolean isTimestamped() {
        return timestamped;
    }

    int intervalMillis() {
        return intervalMillis;
    }

    void configure(boolean on, boolean timestamps, int interval) {
        enabled = on;
        timestamped = timestamps;
        intervalMillis = interval;
    }

    // ── State ──────────────────────────────────────────────────────────────

    void save(StateWriter out) {
        out.flag(enabled).flag(timestamped).le16(intervalMillis).le64(seen);
        for (int i = 0; i < modes.length; i++) {
            out.u8(modes[i]).le64(thresholds[i]);
        }
    }

    Runnable restore(StateReader in, int[] intervals) {
        boolean on = in.flag();
        boolean timestamps = in.flag();
        int interval = in.le16();
        boolean known = false;
        for (int possible : intervals) {
            known |= possible == interval;
        }
        if (!known) {
            throw new StateException("saved sensor has another update interval: interval=" + interval);
        }
        long value = in.le64();
        int[] savedModes = new int[modes.length];
        long[] savedThresholds = new long[modes.length];
        for (int i = 0; i < modes.length; i++) {
            savedModes[i] = SavedValue.index("trip point mode", in.u8(), (POSITIVE | NEGATIVE) + 1);
            savedThresholds[i] = in.le64();
        }
        return () -> {
            configure(on, timestamps, interval);
            seen = value;
            System.arraycopy(savedModes, 0, modes, 0, modes.length);
            System.arraycopy(savedThresholds, 0, thresholds, 0, modes.length);
        };
    }

    void reset(int interval) {
        configure(true, false, interval);
        Arrays.fill(modes, 0);
    }
}
