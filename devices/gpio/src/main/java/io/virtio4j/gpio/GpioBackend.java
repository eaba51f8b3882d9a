// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpio;

import java.io.IOException;

/**
 * The lines behind a GPIO device: real ones, or simulated ones. Lines are numbered from 0.
 *
 * <p>A device calls one method at a time for each line, but {@link #isHigh}, which any thread may call at any
 * time. Methods do not block for long: a driver waits for them. An {@link IOException} is answered to the
 * driver as VIRTIO_GPIO_STATUS_ERR, and nothing has changed then.
 */
public interface GpioBackend extends AutoCloseable {

    /** How many lines there are: 1 to 65535. Asked once. */
    int lines();

    /**
     * A line's name: printable ASCII, different from all others; empty if it has none. Asked once.
     */
    String name(int line);

    /** Whether {@link #watch} works. Asked once. */
    default boolean canInterrupt() {
        return true;
    }

    /** Gives the backend where to report changes. Called once, before everything that follows. */
    void attach(GpioPort port);

    /** The driver does not use the line any more. Idempotent; it may be watched still, and no longer is. */
    void release(int line) throws IOException;

    /** The driver listens to the line. */
    void input(int line) throws IOException;

    /** The driver drives the line, or drives it to another level. */
    void output(int line, boolean high) throws IOException;

    /** The level of the line at this moment, whoever drives it. */
    boolean isHigh(int line) throws IOException;

    /**
     * Reports changes from now on: those that the trigger is about have to be told to the port, others may
     * be. For a level, that it begins has to be told; whether it lasts is asked for.
     *
     * @param trigger {@link GpioTrigger#NONE} to report nothing
     */
    void watch(int line, GpioTrigger trigger) throws IOException;

    @Override
    void close();
}
