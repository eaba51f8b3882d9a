// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.host.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;

/** {@code struct flock} of 64-bit systems: a lock of a range. */
final class Flock {
    static final int F_RDLCK = 0;
    static final int F_WRLCK = 1;
    static final int F_UNLCK = 2;

    static final StructLayout LAYOUT = CStruct.of("flock", 32,
            JAVA_SHORT.withName("l_type"),
            JAVA_SHORT.withName("l_whence"),
            MemoryLayout.paddingLayout(4),
            JAVA_LONG.withName("l_start"),
            JAVA_LONG.withName("l_len"),
            JAVA_INT.withName("l_pid"),
            MemoryLayout.paddingLayout(4));

    private static final long TYPE = CStruct.offset(LAYOUT, "l_type");
    private static final long START = CStruct.offset(LAYOUT, "l_start");
    private static final long LENGTH = CStruct.offset(LAYOUT, "l_len");
    private static final long PROCESS = CStruct.offset(LAYOUT, "l_pid");

    private Flock() {}

    static long set(MemorySegment lock, int type, long start, long length) {
        lock.fill((byte) 0);
        lock.set(JAVA_SHORT, TYPE, (short) type);
        lock.set(JAVA_LONG, START, start);
        lock.set(JAVA_LONG, LENGTH, length);
        return lock.address();
    }

    static int type(MemorySegment lock) {
        return lock.get(JAVA_SHORT, TYPE);
    }

    static FileLocks.Held held(MemorySegment lock) {
        return new FileLocks.Held(type(lock) == F_WRLCK, lock.get(JAVA_LONG, START), lock.get(JAVA_LONG, LENGTH),
                lock.get(JAVA_INT, PROCESS));
    }
}
