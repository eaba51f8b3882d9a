// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.scmi.platform;

/** The 32 bits of a sensor's configuration: on, timestamps, and the interval of updates. [DEN0056] */
final class SensorConfig {

    private static final int ENABLED = 1;
    private static final int TIMESTAMPED = 1 << 1;
    private static final long RESERVED = 0x1FC;
    private static final int ROUNDING_SHIFT = 9;
    private static final int EXPONENT_SHIFT = 11;
    private static final int SECONDS_SHIFT = 16;
    private static final int FIVE_BITS = 0x1F;

    /** Milliseconds: seconds times ten to the power of this. */
    static final int MILLI = -3;

    private SensorConfig() {}

    static long of(SensorSettings settings) {
        return (settings.isEnabled() ? ENABLED : 0) | (settings.isTimestamped() ? TIMESTAMPED : 0)
                | (MILLI & FIVE_BITS) << EXPONENT_SHIFT | (long) settings.intervalMillis() << SECONDS_SHIFT;
    }

    static boolean isValid(long config) {
        return (config & RESERVED) == 0 && rounding(config) <= ClockRates.NEAREST;
    }

    static boolean isEnabled(long config) {
        return (config & ENABLED) != 0;
    }

    static boolean isTimestamped(long config) {
        return (config & TIMESTAMPED) != 0;
    }

    private static int rounding(long config) {
        return (int) (config >> ROUNDING_SHIFT & 3);
    }

    /** The interval that a configuration leads to, in milliseconds; 0 leaves it; -1 if there is none. */
    static int interval(long config, Sensor sensor) {
        long seconds = config >>> SECONDS_SHIFT;
        if (seconds == 0) {
            return sensor.settings().intervalMillis();
        }
        // Five bits, signed.
        int exponent = (int) (config >> EXPONENT_SHIFT) << 27 >> 27;
        double millis = seconds * Math.pow(10, exponent - MILLI);
        long wish = Math.round(Math.min(millis, Integer.MAX_VALUE));
        long[] possible = new long[sensor.intervals().length];
        for (int i = 0; i < possible.length; i++) {
            possible[i] = sensor.intervals()[i];
        }
        return (int) ClockRates.single(possible).round(wish, rounding(config));
    }
}
