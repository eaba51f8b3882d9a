// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.scmi.platform;

import java.util.function.LongSupplier;

/**
 * An axis of a sensor that has several.
 *
 * @param name up to 63 characters of ASCII
 * @param type what is measured along it
 * @param scale the power of ten of the values' unit; -16 to 15
 * @param value the value now
 */
public record SensorAxis(String name, SensorType type, int scale, LongSupplier value) {

    /** Checks the scale. */
    public SensorAxis {
        Sensor.checkScale(name, scale);
    }
}
