// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.device;

import io.virtio4j.core.queue.QueueConfig;

/**
 * A queue that a device has.
 *
 * @param name its name in the specification, such as {@code requestq}
 * @param maxSize the largest size that the driver may choose; 1 to 32768. With split rings, the largest
 *     power of two up to it
 */
public record QueueSpec(String name, int maxSize) {

    /** Enough for every driver, and little enough that a hostile one cannot keep the device busy. */
    public static final int DEFAULT_SIZE = 256;

    /** Checks the size. */
    public QueueSpec {
        if (maxSize < 1 || maxSize > QueueConfig.LARGEST_SIZE) {
            throw new IllegalArgumentException("queue size has to be 1 to " + QueueConfig.LARGEST_SIZE
                    + ": queue=" + name + " maxSize=" + maxSize);
        }
    }

    /** A queue of at most {@value #DEFAULT_SIZE} entries. */
    public static QueueSpec named(String name) {
        return new QueueSpec(name, DEFAULT_SIZE);
    }
}
