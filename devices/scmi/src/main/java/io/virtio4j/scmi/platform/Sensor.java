// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.scmi.platform;

import io.virtio4j.scmi.protocol.ScmiPlatform;
import java.time.Duration;
import java.util.List;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A sensor: a value, or one along each axis, that Java code knows. Suppliers are called under the platform's
 * lock; one that throws is a hardware error. [DEN0056: Sensor management protocol]
 */
public final class Sensor extends SimulatedDomain {

    static final int TRIP_POINT_EVENT = 0;
    static final int UPDATE = 1;

    /** What fits in a message. */
    private static final int MOST_AXES = 7;
    private static final int MOST_TRIP_POINTS = 255;
    private static final long MOST_MILLIS = 0xFFFF;

    private final SensorType type;
    private final List<SensorAxis> axes;
    private final LongSupplier value;
    private int scale;
    private int tripPoints = 4;
    private long least;
    private long most;
    private boolean hasRange;
    private int[] intervals = {1000};
    private @Nullable Duration latency;
    private SensorSettings settings = new SensorSettings(0, 0);

    private Sensor(String name, SensorType type, List<SensorAxis> axes, LongSupplier value) {
        super(name);
        this.type = type;
        this.axes = axes;
        this.value = value;
    }

    /** A sensor of one value. */
    public static Sensor of(String name, SensorType type, LongSupplier value) {
        return new Sensor(name, type, List.of(), value);
    }

    /** A sensor with 1 to 7 axes. */
    public static Sensor axes(String name, SensorAxis... axes) {
        if (axes.length == 0 || axes.length > MOST_AXES) {
            throw new IllegalArgumentException("a sensor has 1 to 7 axes, so that their values fit in a message:"
                    + " sensor=" + name + " axes=" + axes.length);
        }
        return new Sensor(name, axes[0].type(), List.of(axes), axes[0].value());
    }

    static void checkScale(String name, int scale) {
        if (scale < -16 || scale > 15) {
            throw new IllegalArgumentException("a scale is a power of ten of -16 to 15: sensor=" + name
                    + " scale=" + scale);
        }
    }

    // ── Configuration ──────────────────────────────────────────────────────

    /** The power of ten of the value's unit, such as -3 for millidegrees; -16 to 15. Default: 0. */
    public Sensor scale(int powerOfTen) {
        checkConfigurable();
        checkScale(name(), powerOfTen);
        scale = powerOfTen;
        return this;
    }

    /** The lowest and the highest value that it can measure. */
    public Sensor range(long lowest, long highest) {
        checkConfigurable();
        if (!axes.isEmpty() || lowest > highest) {
            throw new IllegalArgumentException("a sensor of one value has a range: sensor=" + name() + " lowest="
                    + lowest + " highest=" + highest);
        }
        hasRange = true;
        least = lowest;
        most = highest;
        return this;
    }

    /** How many trip points it has; 0 to 255. Default: 4. With axes, they are of the first. */
    public Sensor tripPoints(int count) {
        checkConfigurable();
        if (count < 0 || count > MOST_TRIP_POINTS) {
            throw new IllegalArgumentException("a sensor has up to 255 trip points: sensor=" + name() + " count="
                    + count);
        }
        tripPoints = count;
        return this;
    }

    /** How often it can send updates, shortest first; 1 to 65535 ms. Default: each second. */
    public Sensor updateIntervals(Duration... each) {
        checkConfigurable();
        int[] millis = new int[each.length];
        for (int i = 0; i < each.length; i++) {
            long value = each[i].toMillis();
            if (value < 1 || value > MOST_MILLIS || i > 0 && value <= millis[i - 1]) {
                throw new IllegalArgumentException("update intervals are of 1 to 65535 ms, ascending: sensor="
                        + name() + " interval=" + each[i]);
            }
            millis[i] = (int) value;
        }
        if (millis.length == 0) {
            throw new IllegalArgumentException("a sensor has an update interval at least: sensor=" + name());
        }
        intervals = millis;
        return this;
    }

    /** It can be asked to answer later, which takes so long. Linux's driver then always does so. */
    public Sensor answersLater(Duration time) {
        checkConfigurable();
        latency = time;
        return this;
    }

    /** Looks at the value now, and notifies agents of trip points that it passed. Any thread. */
    public void sample() {
        change(() -> changed(TRIP_POINT_EVENT, 0));
    }

    // ── For the protocol ───────────────────────────────────────────────────

    @Override
    void attach(ScmiPlatform to, int number) {
        super.attach(to, number);
        settings = new SensorSettings(tripPoints, intervals[0]);
    }

    SensorType type() {
        return type;
    }

    List<SensorAxis> axes() {
        return axes;
    }

    /** How many values it has. */
    int values() {
        return Math.max(1, axes.size());
    }

    long value(int axis) {
        return axes.isEmpty() ? value.getAsLong() : axes.get(axis).value().getAsLong();
    }

    int scale() {
        return scale;
    }

    boolean hasRange() {
        return hasRange;
    }

    long least() {
        return least;
    }

    long most() {
        return most;
    }

    int tripPoints() {
        return tripPoints;
    }

    int[] intervals() {
        return intervals;
    }

    @Nullable Duration latency() {
        return latency;
    }

    SensorSettings settings() {
        return settings;
    }
}
