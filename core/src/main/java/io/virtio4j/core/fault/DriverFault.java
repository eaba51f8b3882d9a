// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.fault;

/**
 * The driver broke a rule of the specification.
 *
 * <p>Carries no stack trace: a hostile driver can raise faults as fast as it can write to memory.
 */
public abstract sealed class DriverFault extends RuntimeException permits ChainFault, RingFault {

    private static final long serialVersionUID = 1L;

    /**
     * Creates a fault.
     *
     * @param message what was wrong: {@code what: key=value key=value}
     */
    protected DriverFault(String message) {
        super(message, null, false, false);
    }
}
