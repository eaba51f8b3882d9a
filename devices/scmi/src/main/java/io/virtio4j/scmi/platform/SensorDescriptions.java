// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.scmi.platform;

import io.virtio4j.scmi.protocol.MessageWriter;
import io.virtio4j.scmi.protocol.ScmiCall;
import io.virtio4j.scmi.protocol.ScmiStatus;

/** What a sensor is. [DEN0056: Sensor management protocol] */
final class SensorDescriptions {

    private static final int READS_LATER = 1 << 31;
    private static final int UPDATES = 1 << 30;
    private static final int LONG_NAME = 1 << 29;
    private static final int EXTENDED = 1 << 8;
    private static final int TIMESTAMPS = 1 << 9;
    private static final int TIMESTAMP_EXPONENT_SHIFT = 10;
    /** Nanoseconds. */
    private static final int TIMESTAMP_EXPONENT = -9;
    private static final int AXIS_LONG_NAME = 1 << 9;
    private static final int HAS_AXES = 1 << 8;
    private static final int SCALE_SHIFT = 11;
    private static final int AXES_SHIFT = 16;
    private static final int FIVE_BITS = 0x1F;
    private static final int REMAINING_SHIFT = 16;
    private static final int AXES_REMAINING_SHIFT = 26;
    private static final int EXPONENT_BITS = 5;

    private static final int SENSOR_SIZE = 28;
    private static final int RANGE_SIZE = 24;
    private static final int AXIS_SIZE = 28;
    private static final int AXIS_NAME_SIZE = 4 + MessageWriter.LONG_NAME;

    private SensorDescriptions() {}

    /** As many descriptions as fit; they differ in length. */
    static ScmiStatus sensors(ScmiCall call, DomainList<Sensor> sensors) {
        long skip = call.readLe32();
        if (skip > sensors.size() || skip == sensors.size() && sensors.size() > 0) {
            return ScmiStatus.OUT_OF_RANGE;
        }
        MessageWriter results = call.results();
        int counts = results.length();
        results.le32(0);
        int next = (int) skip;
        while (next < sensors.size() && results.room() >= size(sensors.get(next))) {
            describe(call, sensors.get(next));
            next++;
        }
        int count = next - (int) skip;
        if (count == 0 && sensors.size() > 0) {
            return ScmiStatus.PROTOCOL_ERROR;
        }
        results.set32(counts, (long) (sensors.size() - next) << REMAINING_SHIFT | count);
        return ScmiStatus.SUCCESS;
    }

    private static int size(Sensor sensor) {
        return SENSOR_SIZE + (sensor.hasRange() ? RANGE_SIZE : 0);
    }

    private static void describe(ScmiCall call, Sensor sensor) {
        int low = (call.hasEvents() && sensor.latency() != null ? READS_LATER : 0)
                | (call.hasEvents() ? UPDATES : 0)
                | (sensor.hasLongName() ? LONG_NAME : 0)
                | (TIMESTAMP_EXPONENT & FIVE_BITS) << TIMESTAMP_EXPONENT_SHIFT | TIMESTAMPS
                | (sensor.hasRange() ? EXTENDED : 0)
                | sensor.tripPoints();
        int axes = sensor.axes().size();
        int high = sensor.type().code() | (sensor.scale() & FIVE_BITS) << SCALE_SHIFT
                | (axes > 0 ? HAS_AXES | axes << AXES_SHIFT : 0);
        MessageWriter results = call.results().le32(sensor.index()).le32(low).le32(high)
                .name(sensor.name(), MessageWriter.SHORT_NAME);
        if (sensor.hasRange()) {
            // What it takes, and its resolution: not known, and one.
            results.le32(0).le32(1).le64(sensor.least()).le64(sensor.most());
        }
    }

    static ScmiStatus axes(ScmiCall call, Sensor sensor) {
        long skip = call.readLe32();
        if (sensor.axes().isEmpty()) {
            return ScmiStatus.NOT_SUPPORTED;
        }
        return DomainList.answer(call, skip, sensor.axes().size(), 4, AXIS_SIZE, (from, count, remaining) -> {
            MessageWriter results = call.results().le32((long) remaining << AXES_REMAINING_SHIFT | count);
            for (int i = from; i < from + count; i++) {
                SensorAxis axis = sensor.axes().get(i);
                boolean isLong = axis.name().length() >= MessageWriter.SHORT_NAME;
                results.le32(i).le32(isLong ? AXIS_LONG_NAME : 0)
                        .le32(axis.type().code() | (axis.scale() & FIVE_BITS) << SCALE_SHIFT)
                        .name(axis.name(), MessageWriter.SHORT_NAME);
            }
        });
    }

    static ScmiStatus axisNames(ScmiCall call, Sensor sensor) {
        long skip = call.readLe32();
        if (sensor.axes().isEmpty()) {
            return ScmiStatus.NOT_SUPPORTED;
        }
        return DomainList.answer(call, skip, sensor.axes().size(), 4, AXIS_NAME_SIZE,
                (from, count, remaining) -> {
                    call.results().le32((long) remaining << AXES_REMAINING_SHIFT | count);
                    for (int i = from; i < from + count; i++) {
                        call.results().le32(i).name(sensor.axes().get(i).name(), MessageWriter.LONG_NAME);
                    }
                });
    }

    static ScmiStatus intervals(ScmiCall call, Sensor sensor) {
        int[] intervals = sensor.intervals();
        return DomainList.answer(call, call.readLe32(), intervals.length, 4, 4, (from, count, remaining) -> {
            call.results().le32((long) remaining << REMAINING_SHIFT | count);
            for (int i = from; i < from + count; i++) {
                call.results().le32((long) intervals[i] << EXPONENT_BITS | SensorConfig.MILLI & FIVE_BITS);
            }
        });
    }
}
