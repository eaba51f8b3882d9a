// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.host.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;

/** {@code struct pollfd}. */
final class PollFd {
    static final StructLayout LAYOUT = CStruct.of("pollfd", 8,
            JAVA_INT.withName("fd"),
            JAVA_SHORT.withName("events"),
            JAVA_SHORT.withName("revents"));

    private static final long FD = CStruct.offset(LAYOUT, "fd");
    private static final long EVENTS = CStruct.offset(LAYOUT, "events");
    private static final long RETURNED = CStruct.offset(LAYOUT, "revents");

    private PollFd() {}

    static void set(MemorySegment pollFd, int fd, int events) {
        pollFd.set(JAVA_INT, FD, fd);
        pollFd.set(JAVA_SHORT, EVENTS, (short) events);
        pollFd.set(JAVA_SHORT, RETURNED, (short) 0);
    }

    static int returned(MemorySegment pollFd) {
        return pollFd.get(JAVA_SHORT, RETURNED);
    }
}
