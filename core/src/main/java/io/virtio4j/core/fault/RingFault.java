// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.fault;

/**
 * A ring is inconsistent, so no head in it can be trusted: an index that jumps, a ring area outside
 * guest memory.
 *
 * <p>The queue stops for good and the device sets DEVICE_NEEDS_RESET.
 */
public final class RingFault extends DriverFault {

    private static final long serialVersionUID = 1L;

    /**
     * Creates a fault.
     *
     * @param message what was wrong: {@code what: key=value key=value}
     */
    public RingFault(String message) {
        super(message);
    }
}
