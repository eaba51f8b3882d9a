// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.i2c;

/** How a transaction ended. The driver learns only whether it succeeded; counters tell the rest. */
public enum I2cOutcome {
    /** Every message succeeded. */
    OK,
    /** Nothing acknowledged the address. */
    ADDRESS_NACK,
    /** The target did not acknowledge a byte that was written. */
    DATA_NACK,
    /** Another controller had the bus. */
    ARBITRATION_LOST,
    /** The bus did not become free, or a target stretched the clock for too long. */
    BUS_STUCK,
    /** The bus cannot do such a message. */
    UNSUPPORTED,
    /** Any other error of the bus or of the host. */
    FAILED
}
