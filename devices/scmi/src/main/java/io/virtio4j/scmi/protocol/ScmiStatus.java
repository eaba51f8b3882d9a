// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.scmi.protocol;

/** The status of a response. [DEN0056: Status codes] */
public enum ScmiStatus {
    /** Done. */
    SUCCESS,
    /** The command or the feature is not there. */
    NOT_SUPPORTED,
    /** A parameter has a value that it cannot have. */
    INVALID_PARAMETERS,
    /** The agent may not do that. */
    DENIED,
    /** There is no such domain, clock, sensor, ... */
    NOT_FOUND,
    /** The value is beyond what the resource can do. */
    OUT_OF_RANGE,
    /** Too much is under way; later it may work. */
    BUSY,
    /** The message was lost on its way. */
    COMMS_ERROR,
    /** None of the others. */
    GENERIC_ERROR,
    /** The hardware failed. */
    HARDWARE_ERROR,
    /** The message is not what the protocol says. */
    PROTOCOL_ERROR,
    /** Another agent has it. */
    IN_USE;

    /** The code in a message: 0, or negative. */
    public int code() {
        return -ordinal();
    }
}
