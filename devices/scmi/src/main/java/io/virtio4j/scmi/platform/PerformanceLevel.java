// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.scmi.platform;

/**
 * A level of performance.
 *
 * @param value what it is called; 1 to 2^31 - 1, unique in its domain. For a processor its frequency in
 *     kHz, as a rule
 * @param power what it takes, in microwatts
 * @param kilohertz its frequency
 */
public record PerformanceLevel(int value, int power, int kilohertz) {

    /** Checks the value. */
    public PerformanceLevel {
        if (value < 1 || power < 0 || kilohertz < 0) {
            throw new IllegalArgumentException("a performance level needs a value of 1 and more: value=" + value
                    + " power=" + power + " kilohertz=" + kilohertz);
        }
    }
}
