// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.host.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * Calls on character devices. Each returns a result or the error number negated; interrupted ones are
 * restarted, but for those that say otherwise.
 */
final class DeviceCalls {
    private static final MethodHandle IOCTL_POINTER =
            Libc.bindVariadic("ioctl", 2, JAVA_INT, JAVA_INT, JAVA_LONG, ADDRESS);
    private static final MethodHandle IOCTL_VALUE =
            Libc.bindVariadic("ioctl", 2, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle READ =
            Libc.bind("read", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG);
    private static final MethodHandle READ_FIRST =
            Libc.bindFirstAttempt("read", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG);
    private static final MethodHandle WRITE =
            Libc.bind("write", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG);
    private static final MethodHandle WRITE_FIRST =
            Libc.bindFirstAttempt("write", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG);

    private DeviceCalls() {}

    static int ioctl(int fd, int request, MemorySegment argument) {
        int result;
        do {
            result = ioctlOnce(fd, request, argument);
        } while (result == -Libc.EINTR);
        return result;
    }

    static int ioctl(int fd, int request, long argument) {
        int result;
        do {
            result = ioctlOnce(fd, request, argument);
        } while (result == -Libc.EINTR);
        return result;
    }

    /** As {@code ioctl}, for what must not be restarted when it was interrupted. */
    static int ioctlOnce(int fd, int request, MemorySegment argument) {
        CallState state = CallState.current();
        try {
            return (int) state.result((int) IOCTL_POINTER.invokeExact(state.capture, fd,
                    Integer.toUnsignedLong(request), argument));
        } catch (Throwable thrown) {
            throw Libc.rethrow(thrown);
        }
    }

    /** As {@code ioctl}, for what must not be restarted when it was interrupted. */
    static int ioctlOnce(int fd, int request, long argument) {
        CallState state = CallState.current();
        try {
            return (int) state.result((int) IOCTL_VALUE.invokeExact(state.capture, fd,
                    Integer.toUnsignedLong(request), argument));
        } catch (Throwable thrown) {
            throw Libc.rethrow(thrown);
        }
    }

    static long read(int fd, MemorySegment to, long length) {
        try {
            long n = (long) READ_FIRST.invokeExact(fd, to, length);
            if (n >= 0) {
                return n;
            }
            CallState state = CallState.current();
            do {
                n = state.result((long) READ.invokeExact(state.capture, fd, to, length));
            } while (n == -Libc.EINTR);
            return n;
        } catch (Throwable thrown) {
            throw Libc.rethrow(thrown);
        }
    }

    static long write(int fd, MemorySegment from, long length) {
        try {
            long n = (long) WRITE_FIRST.invokeExact(fd, from, length);
            if (n >= 0) {
                return n;
            }
            CallState state = CallState.current();
            do {
                n = state.result((long) WRITE.invokeExact(state.capture, fd, from, length));
            } while (n == -Libc.EINTR);
            return n;
        } catch (Throwable thrown) {
            throw Libc.rethrow(thrown);
        }
    }
}
