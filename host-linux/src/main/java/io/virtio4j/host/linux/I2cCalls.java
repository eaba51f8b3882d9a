// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.host.linux;

/** Requests and functions of {@code /dev/i2c-N}. */
final class I2cCalls {
    static final int I2C_RETRIES = 0x0701;
    static final int I2C_TIMEOUT = 0x0702;
    static final int I2C_FUNCS = 0x0705;
    static final int I2C_RDWR = 0x0707;

    static final long I2C_FUNC_I2C = 0x1;
    static final long I2C_FUNC_10BIT_ADDR = 0x2;

    private I2cCalls() {}
}
