// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net.backend;

/** What a {@link SwitchPort} counts. */
public enum PortCounter {
    /** Frames that came in at the port. */
    IN_FRAMES,
    /** Bytes that came in at the port. */
    IN_BYTES,
    /** Frames that went out at the port. */
    OUT_FRAMES,
    /** Bytes that went out at the port. */
    OUT_BYTES,
    /** Frames that came in and went to all other ports of their VLAN, since nobody knew where to. */
    FLOODED,
    /** Frames that came in and were no frames, or were for no switch to pass on. */
    IN_REFUSED,
    /** Frames that came in with a VLAN that the port does not belong to. */
    IN_WRONG_VLAN,
    /** Frames that should have gone out at the port, whose receiver had no room, or could not be served. */
    OUT_DROPPED
}
