// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net;

/** Whether a link carries packets both ways at once. [Device configuration layout] */
public enum Duplex {
    /** One way at a time. */
    HALF(0),
    // The field's text says that 1 is full duplex; the requirement has the two the other way round. Drivers
    // use 1.
    /** Both ways at once. */
    FULL(1),
    /** Not known. */
    UNKNOWN(0xFF);

    private final int code;

    Duplex(int code) {
        this.code = code;
    }

    /** The value of the field {@code duplex}. */
    int code() {
        return code;
    }
}
