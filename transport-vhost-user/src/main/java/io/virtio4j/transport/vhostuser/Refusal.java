// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.vhostuser;

/** A message cannot be served: becomes an error reply, or the end of the connection if none is due. */
final class Refusal extends Exception {

    private static final long serialVersionUID = 1L;

    Refusal(String why) {
        super(why, null, false, false);
    }

    /** The host could not do it. */
    static Refusal of(Exception cause) {
        return new Refusal(String.valueOf(cause.getMessage()));
    }
}
