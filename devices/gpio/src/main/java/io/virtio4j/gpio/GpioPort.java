// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpio;

/** Where a backend reports what happens on lines. Any thread; never blocks, and never calls the backend back. */
public interface GpioPort {

    /**
     * A line's level changed. To be called after {@link GpioBackend#isHigh} says so.
     *
     * @param high the level that it has now
     */
    void changed(int line, boolean high);
}
