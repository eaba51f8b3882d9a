// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.i2c;

import java.io.IOException;

/**
 * A bus with targets on it, as seen from its controller. Transactions come one after the other, from the
 * thread that serves the device's queue, or from its {@linkplain I2cDeviceBuilder#executor executor}.
 */
public interface I2cBus {

    /**
     * Runs the messages in order until one fails, and calls {@link I2cTransaction#done()} for each that did
     * not. After a failure the bus is free.
     *
     * @return {@link I2cOutcome#OK} if all succeeded, whether they were counted or not; otherwise why the first
     *     that was not counted failed
     * @throws IOException if the bus cannot be used at all; like {@link I2cOutcome#FAILED}, and told to the
     *     embedder
     */
    I2cOutcome transfer(I2cTransaction transaction) throws IOException;

    /**
     * Whether a transaction can end without STOP, to go on later: as long as the rest of its group is missing, or
     * because the group is longer than a transaction.
     */
    default boolean canHold() {
        return false;
    }

    /**
     * STOP, after a transaction that ended without: the rest of its group will not come. Called by any
     * thread, only if {@link #canHold()}.
     */
    default void stop(I2cTransaction held) {}
}
