// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.wire;

/** A saved state cannot be restored: damaged, of another version, or of another device. */
public final class StateException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /**
     * Creates an exception.
     *
     * @param message what does not fit: {@code what: key=value key=value}
     */
    public StateException(String message) {
        super(message);
    }

    /**
     * Creates an exception.
     *
     * @param message what does not fit: {@code what: key=value key=value}
     * @param cause what found it
     */
    public StateException(String message, Throwable cause) {
        super(message, cause);
    }
}
