// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.host.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** Calls on the address space. Each returns a result or the error number negated. */
final class MemoryCalls {
    static final int MADV_DONTNEED = 4;
    static final int MADV_REMOVE = 9;

    static final int PROT_READ = 0x1;
    static final int PROT_WRITE = 0x2;

    static final int MAP_SHARED = 0x1;
    static final int MAP_PRIVATE = 0x2;
    static final int MAP_FIXED = 0x10;
    static final int MAP_ANONYMOUS = 0x20;
    static final int MAP_NORESERVE = 0x4000;

    private static final MethodHandle MMAP =
            Libc.bind("mmap", JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT,
                    JAVA_LONG);
    private static final MethodHandle MUNMAP = Libc.bind("munmap", JAVA_INT, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle MADVISE =
            Libc.bind("madvise", JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT);
    private static final MethodHandle MADVISE_AT =
            Libc.bind("madvise", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT);

    private MemoryCalls() {}

    /** The address; negative only if it is an error number, since user addresses are below 2^63. */
    static long mmap(long length, int protection, int flags, int fd, long offset) {
        return mmap(0, length, protection, flags, fd, offset);
    }

    static long mmap(long address, long length, int protection, int flags, int fd, long offset) {
        CallState state = CallState.current();
        try {
            return state.result((long) MMAP.invokeExact(state.capture, address, length, protection,
                    flags, fd, offset));
        } catch (Throwable thrown) {
            throw Libc.rethrow(thrown);
        }
    }

    static int munmap(long address, long length) {
        CallState state = CallState.current();
        try {
            return (int) state.result((int) MUNMAP.invokeExact(state.capture, address, length));
        } catch (Throwable thrown) {
            throw Libc.rethrow(thrown);
        }
    }

    static int madvise(MemorySegment range, int advice) {
        CallState state = CallState.current();
        try {
            long r;
            do {
                r = state.result((int) MADVISE.invokeExact(state.capture, range, range.byteSize(),
                        advice));
            } while (r == -Libc.EINTR);
            return (int) r;
        } catch (Throwable thrown) {
            throw Libc.rethrow(thrown);
        }
    }

    /** For who keeps the memory mapped meanwhile; makes no object. */
    static int madviseAt(long address, long length, int advice) {
        CallState state = CallState.current();
        try {
            long r;
            do {
                r = state.result((int) MADVISE_AT.invokeExact(state.capture, address, length, advice));
            } while (r == -Libc.EINTR);
            return (int) r;
        } catch (Throwable thrown) {
            throw Libc.rethrow(thrown);
        }
    }
}
