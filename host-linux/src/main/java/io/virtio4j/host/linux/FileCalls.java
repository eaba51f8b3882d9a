// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.host.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * Calls on files of any kind. Each returns a result or the error number negated; interrupted ones
 * are restarted.
 */
final class FileCalls {
    static final int O_RDWR = 0x2;
    static final int O_CREAT = 0x40;
    static final int O_EXCL = 0x80;
    static final int O_NOCTTY = 0x100;
    static final int O_TRUNC = 0x200;
    static final int O_NONBLOCK = 0x800;
    static final int O_DSYNC = 0x1000;
    static final int O_CLOEXEC = 0x80000;

    static final int F_GETFL = 3;
    static final int F_SETFL = 4;
    static final int F_DUPFD_CLOEXEC = 1030;
    static final int F_ADD_SEALS = 1033;
    static final int F_GET_SEALS = 1034;

    static final int SEEK_END = 2;
    static final int SEEK_DATA = 3;
    static final int SEEK_HOLE = 4;

    static final int FALLOC_FL_KEEP_SIZE = 0x1;
    static final int FALLOC_FL_PUNCH_HOLE = 0x2;
    static final int FALLOC_FL_ZERO_RANGE = 0x10;

    static final int MFD_CLOEXEC = 0x1;
    static final int MFD_ALLOW_SEALING = 0x2;
    static final int MFD_NOEXEC_SEAL = 0x8;

    private static final int AT_EMPTY_PATH = 0x1000;

    /** Descriptor, vector, count, position, and the guards that IoVector explains. */
    private static final MemoryLayout[] VECTOR =
            {JAVA_INT, ADDRESS, JAVA_INT, JAVA_LONG, ADDRESS, ADDRESS, ADDRESS, ADDRESS};

    private static final MethodHandle OPEN =
            Libc.bindVariadic("open", 2, JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT);
    private static final MethodHandle CLOSE = Libc.bind("close", JAVA_INT, JAVA_INT);
    private static final MethodHandle FCNTL =
            Libc.bindVariadic("fcntl", 2, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT);
    private static final MethodHandle PREAD =
            Libc.bind("pread", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle PWRITE =
            Libc.bind("pwrite", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle PREADV = Libc.bind("preadv", JAVA_LONG, VECTOR);
    private static final MethodHandle PWRITEV = Libc.bind("pwritev", JAVA_LONG, VECTOR);
    private static final MethodHandle PREAD_FIRST =
            Libc.bindFirstAttempt("pread", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle PWRITE_FIRST =
            Libc.bindFirstAttempt("pwrite", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle PREADV_FIRST =
            Libc.bindFirstAttempt("preadv", JAVA_LONG, VECTOR);
    private static final MethodHandle PWRITEV_FIRST =
            Libc.bindFirstAttempt("pwritev", JAVA_LONG, VECTOR);
    private static final MethodHandle LSEEK =
            Libc.bind("lseek", JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_INT);
    private static final MethodHandle FTRUNCATE =
            Libc.bind("ftruncate", JAVA_INT, JAVA_INT, JAVA_LONG);
    private static final MethodHandle FALLOCATE =
            Libc.bind("fallocate", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle FSYNC = Libc.bind("fsync", JAVA_INT, JAVA_INT);
    private static final MethodHandle FDATASYNC = Libc.bind("fdatasync", JAVA_INT, JAVA_INT);
    private static final MethodHandle STATX =
            Libc.bind("statx", JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT, ADDRESS);
    private static final MethodHandle FSTATFS = Libc.bind("fstatfs", JAVA_INT, JAVA_INT, ADDRESS);
    private static final MethodHandle MEMFD_CREATE =
            Libc.bind("memfd_create", JAVA_INT, ADDRESS, JAVA_INT);

    private static final MemorySegment EMPTY_NAME = Arena.global().allocate(1);

    private FileCalls() {}

    static int open(MemorySegment path, int flags, int mode) {
        CallState state = CallState.current();
        try {
            long fd;
            do {
                fd = state.result((int) OPEN.invokeExact(state.capture, path, flags, mode));
            } while (fd == -Libc.EINTR);
            return (int) fd;
        } catch (Throwable thrown) {
            throw Libc.rethrow(thrown);
        }
    }

    /** Never restarted: Linux has given the number up, whatever it answers. */
    static int close(int fd) {
        CallState state = CallState.current();
        try {
            return (int) state.result((int) CLOSE.invokeExact(state.capture, fd));
        } catch (Throwable thrown) {
            throw Libc.rethrow(thrown);
        }
    }

    static int fcntl(int fd, int command, int argument) {
        CallState state = CallState.current();
        try {
            return (int) state.result((int) FCNTL.invokeExact(state.capture, fd, command,
                    argument));
        } catch (Throwable thrown) {
            throw Libc.rethrow(thrown);
        }
    }

    static long pread(int fd, MemorySegment to, long position) {
        try {
            long n = (long) PREAD_FIRST.invokeExact(fd, to, to.byteSize(), position);
            if (n >= 0) {
                return n;
            }
            CallState state = CallState.current();
            do {
                n = state.result((long) PREAD.invokeExact(state.capture, fd, to, to.byteSize(),
                        position));
            } while (n == -Libc.EINTR);
            return n;
        } catch (Throwable thrown) {
            throw Libc.rethrow(thrown);
        }
    }

    /**
     * Writes once.
     *
     * @param synchronous whether the open file has {@code O_DSYNC}: then a failed call has changed
     *        something, namely the kernel's memory of an error that it reports only once
     */
    static long pwrite(int fd, MemorySegment from, long position, boolean synchronous) {
        try {
            if (!synchronous) {
                long n = (long) PWRITE_FIRST.invokeExact(fd, from, from.byteSize(), position);
                if (n >= 0) {
                    return n;
                }
            }
            CallState state = CallState.current();
            long n;
            do {
                n = state.result((long) PWRITE.invokeExact(state.capture, fd, from, from.byteSize(),
                        position));
            } while (n == -Libc.EINTR);
            return n;
        } catch (Throwable thrown) {
            throw Libc.rethrow(thrown);
        }
    }

    static long preadv(int fd, IoVector vector, long position) {
        try {
            long n = (long) PREADV_FIRST.invokeExact(fd, vector.entries(), vector.count(),
                    position, vector.guard(0), vector.guard(1), vector.guard(2), vector.guard(3));
            if (n >= 0) {
                return n;
            }
            CallState state = CallState.current();
            do {
                n = state.result((long) PREADV.invokeExact(state.capture, fd, vector.entries(),
                        vector.count(), position, vector.guard(0), vector.guard(1),
                        vector.guard(2), vector.guard(3)));
            } while (n == -Libc.EINTR);
            return n;
        } catch (Throwable thrown) {
            throw Libc.rethrow(thrown);
        }
    }

    /** Writes once; {@code synchronous} as in {@link #pwrite}. */
    static long pwritev(int fd, IoVector vector, long position, boolean synchronous) {
        try {
            if (!synchronous) {
                long n = (long) PWRITEV_FIRST.invokeExact(fd, vector.entries(), vector.count(),
                        position, vector.guard(0), vector.guard(1), vector.guard(2),
                        vector.guard(3));
                if (n >= 0) {
                    return n;
                }
            }
            CallState state = CallState.current();
            long n;
            do {
                n = state.result((long) PWRITEV.invokeExact(state.capture, fd, vector.entries(),
                        vector.count(), position, vector.guard(0), vector.guard(1),
                        vector.guard(2), vector.guard(3)));
            } while (n == -Libc.EINTR);
            return n;
        } catch (Throwable thrown) {
            throw Libc.rethrow(thrown);
        }
    }

    static long lseek(int fd, long offset, int whence) {
        CallState state = CallState.current();
        try {
            return state.result((long) LSEEK.invokeExact(state.capture, fd, offset, whence));
        } catch (Throwable thrown) {
            throw Libc.rethrow(thrown);
        }
    }

    static int ftruncate(int fd, long size) {
        CallState state = CallState.current();
        try {
            long r;
            do {
                r = state.result((int) FTRUNCATE.invokeExact(state.capture, fd, size));
            } while (r == -Libc.EINTR);
            return (int) r;
        } catch (Throwable thrown) {
            throw Libc.rethrow(thrown);
        }
    }

    static int fallocate(int fd, int mode, long offset, long length) {
        CallState state = CallState.current();
        try {
            long r;
            do {
                r = state.result((int) FALLOCATE.invokeExact(state.capture, fd, mode, offset,
                        length));
            } while (r == -Libc.EINTR);
            return (int) r;
        } catch (Throwable thrown) {
            throw Libc.rethrow(thrown);
        }
    }

    static int fsync(int fd, boolean metadata) {
        CallState state = CallState.current();
        try {
            long r;
            do {
                r = state.result(metadata ? (int) FSYNC.invokeExact(state.capture, fd)
                        : (int) FDATASYNC.invokeExact(state.capture, fd));
            } while (r == -Libc.EINTR);
            return (int) r;
        } catch (Throwable thrown) {
            throw Libc.rethrow(thrown);
        }
    }

    static int statx(int fd, MemorySegment status) {
        CallState state = CallState.current();
        try {
            long r;
            do {
                r = state.result((int) STATX.invokeExact(state.capture, fd, EMPTY_NAME,
                        AT_EMPTY_PATH,
                        Statx.BASIC, status));
            } while (r == -Libc.EINTR);
            return (int) r;
        } catch (Throwable thrown) {
            throw Libc.rethrow(thrown);
        }
    }

    static int fstatfs(int fd, MemorySegment status) {
        CallState state = CallState.current();
        try {
            long r;
            do {
                r = state.result((int) FSTATFS.invokeExact(state.capture, fd, status));
            } while (r == -Libc.EINTR);
            return (int) r;
        } catch (Throwable thrown) {
            throw Libc.rethrow(thrown);
        }
    }

    static int memfdCreate(MemorySegment name, int flags) {
        CallState state = CallState.current();
        try {
            return (int) state.result((int) MEMFD_CREATE.invokeExact(state.capture, name, flags));
        } catch (Throwable thrown) {
            throw Libc.rethrow(thrown);
        }
    }
}
