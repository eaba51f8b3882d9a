// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.fault;

/**
 * One descriptor chain cannot be served: a loop, a bad direction, a buffer outside guest memory.
 *
 * <p>The chain's head is returned with length 0; the queue goes on. A device that can still reach
 * its status field may catch this and answer with its protocol's own error instead.
 */
public final class ChainFault extends DriverFault {

    private static final long serialVersionUID = 1L;

    /**
     * Creates a fault.
     *
     * @param message what was wrong: {@code what: key=value key=value}
     */
    public ChainFault(String message) {
        super(message);
    }
}
