// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.host.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * Calls on {@code /dev/i2c-N}. Each returns a result or the error number negated. Interrupted ones are not
 * restarted: a target may have taken a part of the transaction.
 */
final class I2cCalls {
    static final int I2C_RETRIES = 0x0701;
    static final int I2C_TIMEOUT = 0x0702;
    static final int I2C_FUNCS = 0x0705;
    static final int I2C_RDWR = 0x0707;

    static final long I2C_FUNC_I2C = 0x1;
    static final long I2C_FUNC_10BIT_ADDR = 0x2;

    private static final MethodHandle IOCTL_POINTER =
            Libc.bindVariadic("ioctl", 2, JAVA_INT, JAVA_INT, JAVA_LONG, ADDRESS);
    private static final MethodHandle IOCTL_VALUE =
            Libc.bindVariadic("ioctl", 2, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG);

    private I2cCalls() {}

    static int ioctl(int fd, int request, MemorySegment argument) {
        CallState state = CallState.current();
        try {
            return (int) state.result((int) IOCTL_POINTER.invokeExact(state.capture, fd,
                    Integer.toUnsignedLong(request), argument));
        } catch (Throwable thrown) {
            throw Libc.rethrow(thrown);
        }
    }

    static int ioctl(int fd, int request, long argument) {
        CallState state = CallState.current();
        try {
            return (int) state.result((int) IOCTL_VALUE.invokeExact(state.capture, fd,
                    Integer.toUnsignedLong(request), argument));
        } catch (Throwable thrown) {
            throw Libc.rethrow(thrown);
        }
    }
}
