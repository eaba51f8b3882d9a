// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.pci;

/**
 * {@code config_generation}: eight bits that must never come back to a value by many changes between two
 * reads. So it moves once when the driver reads a configuration that has changed since it read last. [Common
 * configuration structure layout]
 */
final class ConfigGeneration {

    private int seen;
    private int value;

    synchronized int value() {
        return value;
    }

    /**
     * The driver has read from the device-specific configuration.
     *
     * @param generation the device's own count of changes, read after the value: a change in between then
     *     costs the driver one more try, where it would miss one the other way round
     */
    synchronized void afterRead(int generation) {
        if (generation != seen) {
            seen = generation;
            value = value + 1 & 0xFF;
        }
    }

    synchronized int seen() {
        return seen;
    }

    synchronized void restore(int savedSeen, int savedValue) {
        seen = savedSeen;
        value = savedValue;
    }
}
