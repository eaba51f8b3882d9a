// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.scmi.protocol;

import java.io.Serial;

/** What a command needs has failed: thrown by its action, it is answered {@link ScmiStatus#HARDWARE_ERROR}. */
public final class HardwareFault extends RuntimeException {

    @Serial
    private static final long serialVersionUID = 1L;

    /**
     * Creates one.
     *
     * @param message for the log: {@code what: key=value key=value}
     */
    public HardwareFault(String message, Throwable cause) {
        super(message, cause);
    }
}
