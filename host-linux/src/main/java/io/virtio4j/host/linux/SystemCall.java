// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.host.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.Locale;

/**
 * System calls by their numbers: those on names and attributes of files, for some of which no C library has a
 * function, or only a new one. Each returns what the kernel does, the error number negated; interrupted ones are
 * restarted, since a failed one of them has changed nothing.
 *
 * <p>Addresses of {@link CallBuffers} are passed as numbers, since the thread that calls keeps them. Memory of others
 * is passed as a segment, which keeps its arena alive during the call.
 */
enum SystemCall {
    OPENAT(257, 56),
    OPENAT2(437, 437),
    STATX(332, 291),
    MKDIRAT(258, 34),
    MKNODAT(259, 33),
    SYMLINKAT(266, 36),
    READLINKAT(267, 78),
    LINKAT(265, 37),
    UNLINKAT(263, 35),
    RENAMEAT2(316, 276),
    FCHMODAT(268, 53),
    FCHOWNAT(260, 54),
    UTIMENSAT(280, 88),
    GETDENTS64(217, 61),
    COPY_FILE_RANGE(326, 285),
    SYNCFS(306, 267),
    FSTATFS(138, 44),
    NAME_TO_HANDLE_AT(303, 264),
    OPEN_BY_HANDLE_AT(304, 265),
    SETXATTR(188, 5),
    GETXATTR(191, 8),
    LISTXATTR(194, 11),
    REMOVEXATTR(197, 14),
    FCNTL(72, 25),
    FLOCK(73, 32),
    SETFSUID(122, 151),
    SETFSGID(123, 152),
    GETGROUPS(115, 158),
    SETGROUPS(116, 159),
    CAPGET(125, 90),
    CAPSET(126, 91);

    static final int AT_FDCWD = -100;

    private static final MethodHandle NUMBERS = Libc.bindVariadic("syscall", 1, JAVA_LONG, JAVA_LONG, JAVA_LONG,
            JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle SECOND_IS_MEMORY = Libc.bindVariadic("syscall", 1, JAVA_LONG, JAVA_LONG,
            JAVA_LONG, ADDRESS, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle THIRD_IS_MEMORY = Libc.bindVariadic("syscall", 1, JAVA_LONG, JAVA_LONG,
            JAVA_LONG, JAVA_LONG, ADDRESS, JAVA_LONG, JAVA_LONG, JAVA_LONG);

    private final long number;

    SystemCall(int x86, int aarch64) {
        number = System.getProperty("os.arch").equals("amd64") ? x86 : aarch64;
    }

    /** The name of its manual page. */
    String text() {
        return name().toLowerCase(Locale.ROOT);
    }

    long call(long a, long b) {
        return call(a, b, 0, 0, 0, 0);
    }

    long call(long a, long b, long c) {
        return call(a, b, c, 0, 0, 0);
    }

    long call(long a, long b, long c, long d) {
        return call(a, b, c, d, 0, 0);
    }

    long call(long a, long b, long c, long d, long e) {
        return call(a, b, c, d, e, 0);
    }

    long call(long a, long b, long c, long d, long e, long f) {
        CallState state = CallState.current();
        try {
            long result;
            do {
                result = state.result((long) NUMBERS.invokeExact(state.capture, number, a, b, c, d, e, f));
            } while (result == -Libc.EINTR);
            return result;
        } catch (Throwable thrown) {
            throw Libc.rethrow(thrown);
        }
    }

    /** With {@code memory} as the second argument. */
    long call(long a, MemorySegment memory, long c) {
        CallState state = CallState.current();
        try {
            long result;
            do {
                result = state.result((long) SECOND_IS_MEMORY.invokeExact(state.capture, number, a, memory, c, 0L,
                        0L, 0L));
            } while (result == -Libc.EINTR);
            return result;
        } catch (Throwable thrown) {
            throw Libc.rethrow(thrown);
        }
    }

    /** With {@code memory} as the third argument. */
    long call(long a, long b, MemorySegment memory, long d, long e) {
        CallState state = CallState.current();
        try {
            long result;
            do {
                result = state.result((long) THIRD_IS_MEMORY.invokeExact(state.capture, number, a, b, memory, d, e,
                        0L));
            } while (result == -Libc.EINTR);
            return result;
        } catch (Throwable thrown) {
            throw Libc.rethrow(thrown);
        }
    }
}
