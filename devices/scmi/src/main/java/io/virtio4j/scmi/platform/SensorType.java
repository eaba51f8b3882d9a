// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.scmi.platform;

/**
 * What a sensor measures, and the unit. [DEN0056: Sensor type]
 *
 * @param code 0 to 255
 */
public record SensorType(int code) {

    /** Of no stated kind. */
    public static final SensorType UNSPECIFIED = new SensorType(0x01);
    /** Temperature in degrees Celsius. */
    public static final SensorType CELSIUS = new SensorType(0x02);
    /** Voltage in volts. */
    public static final SensorType VOLTS = new SensorType(0x05);
    /** Current in amperes. */
    public static final SensorType AMPERES = new SensorType(0x06);
    /** Power in watts. */
    public static final SensorType WATTS = new SensorType(0x07);
    /** Energy in joules. */
    public static final SensorType JOULES = new SensorType(0x08);
    /** Illuminance in lux. */
    public static final SensorType LUX = new SensorType(0x0D);
    /** Speed of rotation in revolutions per minute. */
    public static final SensorType RPM = new SensorType(0x13);
    /** Frequency in hertz. */
    public static final SensorType HERTZ = new SensorType(0x14);
    /** Magnetic flux density in gauss. */
    public static final SensorType GAUSS = new SensorType(0x2D);
    /** A share in percent. */
    public static final SensorType PERCENT = new SensorType(0x41);
    /** Pressure in pascals. */
    public static final SensorType PASCALS = new SensorType(0x42);
    /** Angular velocity in radians per second. */
    public static final SensorType RADIANS_PER_SECOND = new SensorType(0x57);
    /** Acceleration in meters per second squared. */
    public static final SensorType METERS_PER_SECOND_SQUARED = new SensorType(0x59);

    /** Checks the code. */
    public SensorType {
        if (code < 0 || code > 0xFF) {
            throw new IllegalArgumentException("a sensor's type has a code of 0 to 255: code=" + code);
        }
    }
}
