// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.i2c;

/** The status byte of a request. [I2C Adapter Device / Device Operation: Request Queue] */
enum I2cStatus {
    /** VIRTIO_I2C_MSG_OK. */
    OK(0),
    /** VIRTIO_I2C_MSG_ERR. */
    ERR(1);

    private final int code;

    I2cStatus(int code) {
        this.code = code;
    }

    /** The value on the wire. */
    int code() {
        return code;
    }
}
