// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.host.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;

/** {@code struct epoll_event}, which is packed on x86-64 and on no other architecture. */
final class EpollEvent {
    static final StructLayout PACKED = CStruct.of("epoll_event", 12,
            JAVA_INT.withName("events"),
            JAVA_LONG_UNALIGNED.withName("data"));
    static final StructLayout NATURAL = CStruct.of("epoll_event", 16,
            JAVA_INT.withName("events"),
            MemoryLayout.paddingLayout(4),
            JAVA_LONG.withName("data"));
    static final StructLayout LAYOUT = of(System.getProperty("os.arch"));
    static final long SIZE = LAYOUT.byteSize();

    private static final long EVENTS = CStruct.offset(LAYOUT, "events");
    private static final long DATA = CStruct.offset(LAYOUT, "data");

    private EpollEvent() {}

    static StructLayout of(String architecture) {
        return architecture.equals("amd64") ? PACKED : NATURAL;
    }

    static void set(MemorySegment event, int events, long data) {
        event.set(JAVA_INT, EVENTS, events);
        event.set(JAVA_LONG_UNALIGNED, DATA, data);
    }

    static int events(MemorySegment array, int index) {
        return array.get(JAVA_INT, SIZE * index + EVENTS);
    }

    static long data(MemorySegment array, int index) {
        return array.get(JAVA_LONG_UNALIGNED, SIZE * index + DATA);
    }
}
