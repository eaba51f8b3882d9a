// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.i2c.simulated;

/**
 * A part on a simulated bus, which sees what a real one does: being addressed, bytes, and STOP.
 *
 * <pre>{@code
 * final class Latch implements I2cTarget {
 *     private int value;
 *     public boolean write(int data) { value = data; return true; }
 *     public int read() { return value; }
 * }
 * }</pre>
 *
 * <p>Called by one thread at a time, the one that runs the transaction, while it has the bus: do not block, and
 * guard what other threads change.
 */
public interface I2cTarget {

    /**
     * START or repeated START with its address.
     *
     * @param read whether the target is to send
     * @return whether it acknowledges
     */
    default boolean start(boolean read) {
        return true;
    }

    /**
     * A byte from the controller, 0 to 255.
     *
     * @return whether it acknowledges
     */
    boolean write(int data);

    /** The next byte for the controller; the low 8 bits count. */
    int read();

    /** STOP, if the target was the one that was addressed last. */
    default void stop() {}
}
