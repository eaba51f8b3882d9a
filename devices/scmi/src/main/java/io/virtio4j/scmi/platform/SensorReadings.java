// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.scmi.platform;

import io.virtio4j.scmi.protocol.MessageWriter;
import io.virtio4j.scmi.protocol.ScmiPlatform;
import io.virtio4j.scmi.protocol.ScmiStatus;
import java.util.OptionalLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads sensors, of which one that fails says so. */
final class SensorReadings {

    private static final Logger LOG = LoggerFactory.getLogger(SensorReadings.class);

    private SensorReadings() {}

    /** Appends all values, each with the time, or 0, in nanoseconds. */
    static ScmiStatus append(ScmiPlatform platform, Sensor sensor, MessageWriter to) {
        long time = sensor.settings().isTimestamped() ? platform.clock().nanoTime() : 0;
        try {
            for (int axis = 0; axis < sensor.values(); axis++) {
                to.le64(sensor.value(axis)).le64(time);
            }
            return ScmiStatus.SUCCESS;
        } catch (RuntimeException e) {
            LOG.warn("sensor failed: sensor={}", sensor.name(), e);
            return ScmiStatus.HARDWARE_ERROR;
        }
    }

    /** The value that trip points are about; empty if it cannot be read. */
    static OptionalLong first(Sensor sensor) {
        try {
            return OptionalLong.of(sensor.value(0));
        } catch (RuntimeException e) {
            LOG.warn("sensor failed: sensor={}", sensor.name(), e);
            return OptionalLong.empty();
        }
    }
}
