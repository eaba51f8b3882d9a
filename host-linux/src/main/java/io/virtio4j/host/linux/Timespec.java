// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.host.linux;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;

/** {@code struct timespec} of 64-bit systems. */
final class Timespec {
    static final StructLayout LAYOUT = CStruct.of("timespec", 16,
            JAVA_LONG.withName("tv_sec"),
            JAVA_LONG.withName("tv_nsec"));
    static final long SIZE = LAYOUT.byteSize();

    private static final long SECONDS = CStruct.offset(LAYOUT, "tv_sec");
    private static final long NANOS = CStruct.offset(LAYOUT, "tv_nsec");

    private Timespec() {}

    static void set(MemorySegment times, int index, long seconds, long nanos) {
        times.set(JAVA_LONG, SIZE * index + SECONDS, seconds);
        times.set(JAVA_LONG, SIZE * index + NANOS, nanos);
    }
}
