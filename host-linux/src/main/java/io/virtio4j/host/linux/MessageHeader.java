// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.host.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;

/** {@code struct msghdr}, with one {@code iovec} and no address. */
final class MessageHeader {
    static final StructLayout LAYOUT = CStruct.of("msghdr", 56,
            JAVA_LONG.withName("msg_name"),
            JAVA_INT.withName("msg_namelen"),
            MemoryLayout.paddingLayout(4),
            JAVA_LONG.withName("msg_iov"),
            JAVA_LONG.withName("msg_iovlen"),
            JAVA_LONG.withName("msg_control"),
            JAVA_LONG.withName("msg_controllen"),
            JAVA_INT.withName("msg_flags"),
            MemoryLayout.paddingLayout(4));

    private static final long IOV = CStruct.offset(LAYOUT, "msg_iov");
    private static final long IOV_LENGTH = CStruct.offset(LAYOUT, "msg_iovlen");
    private static final long CONTROL = CStruct.offset(LAYOUT, "msg_control");
    private static final long CONTROL_LENGTH = CStruct.offset(LAYOUT, "msg_controllen");
    private static final long FLAGS = CStruct.offset(LAYOUT, "msg_flags");

    private MessageHeader() {}

    /** Sets every field; {@code controlLength} 0 means no ancillary data. */
    static void set(MemorySegment header, MemorySegment iovec, MemorySegment control,
            long controlLength) {
        header.fill((byte) 0);
        header.set(JAVA_LONG, IOV, iovec.address());
        header.set(JAVA_LONG, IOV_LENGTH, 1);
        header.set(JAVA_LONG, CONTROL, controlLength == 0 ? 0 : control.address());
        header.set(JAVA_LONG, CONTROL_LENGTH, controlLength);
    }

    static long controlLength(MemorySegment header) {
        return header.get(JAVA_LONG, CONTROL_LENGTH);
    }

    static int flags(MemorySegment header) {
        return header.get(JAVA_INT, FLAGS);
    }
}
