// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.blk;

/** {@code z_type} of a zone. [Block Device / Device Operation] */
public enum ZoneType {
    /** Conventional: written anywhere. */
    CONV(1),
    /** Sequential write required: written at the write pointer only. */
    SWR(2),
    /** Sequential write preferred: written anywhere, best at the write pointer. */
    SWP(3);

    private final int code;

    ZoneType(int code) {
        this.code = code;
    }

    /** The value on the wire. */
    public int code() {
        return code;
    }
}
