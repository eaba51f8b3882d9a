// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.host.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;

/** Where one thread puts names and structures of its calls on names; as good as until its next call. */
final class CallBuffers {
    /** Bytes of the longest path that Linux takes, the final zero included: {@code PATH_MAX}. */
    static final int PATH_MAX = 4096;
    /** Bytes of the longest name, without a zero: {@code NAME_MAX}. */
    static final int NAME_MAX = 255;

    private static final byte[] OPEN_FILES = "/proc/self/fd/".getBytes(StandardCharsets.US_ASCII);
    private static final int DIGITS = 10;

    final MemorySegment path;
    final MemorySegment otherPath;
    final MemorySegment statx;
    final MemorySegment statFs;
    final MemorySegment openHow;
    final MemorySegment times;
    final MemorySegment lock;
    final MemorySegment handle;
    /** Two {@code int64_t}. */
    final MemorySegment positions;
    /** An empty name: the file of the descriptor itself. */
    final long empty;

    CallBuffers() {
        Arena arena = Arena.ofAuto();
        path = arena.allocate(PATH_MAX);
        otherPath = arena.allocate(PATH_MAX);
        statx = arena.allocate(Statx.LAYOUT);
        statFs = arena.allocate(StatFs.LAYOUT);
        openHow = arena.allocate(OpenHow.LAYOUT);
        times = arena.allocate(2L * Timespec.SIZE, Long.BYTES);
        lock = arena.allocate(Flock.LAYOUT);
        handle = arena.allocate(FileHandle.SIZE_MAX, Integer.BYTES);
        positions = arena.allocate(JAVA_LONG, 2);
        empty = arena.allocate(1).address();
    }

    /** Puts a name or a path down, and returns its address. */
    long path(byte[] name) throws LinuxException {
        return put(path, name);
    }

    /** As {@link #path(byte[])}, beside it. */
    long otherPath(byte[] name) throws LinuxException {
        return put(otherPath, name);
    }

    private static long put(MemorySegment to, byte[] name) throws LinuxException {
        if (name.length >= PATH_MAX) {
            throw new LinuxException("path", Errno.ENAMETOOLONG.number(), "bytes=" + name.length);
        }
        MemorySegment.copy(name, 0, to, JAVA_BYTE, 0, name.length);
        to.set(JAVA_BYTE, name.length, (byte) 0);
        return to.address();
    }

    /** Puts the path down by which the kernel gives this process its own open file again. */
    long openFile(int number) {
        MemorySegment.copy(OPEN_FILES, 0, path, JAVA_BYTE, 0, OPEN_FILES.length);
        int at = OPEN_FILES.length;
        int divisor = 1;
        for (int i = 1; i < DIGITS && number / divisor >= DIGITS; i++) {
            divisor *= DIGITS;
        }
        for (; divisor > 0; divisor /= DIGITS) {
            path.set(JAVA_BYTE, at++, (byte) ('0' + number / divisor % DIGITS));
        }
        path.set(JAVA_BYTE, at, (byte) 0);
        return path.address();
    }
}
