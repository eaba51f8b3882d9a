// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.host.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;

/** {@code struct cmsghdr} and the descriptors that follow it: [cmsg(3)], [unix(7)]. */
final class ControlMessage {
    static final StructLayout LAYOUT = CStruct.of("cmsghdr", 16,
            JAVA_LONG.withName("cmsg_len"),
            JAVA_INT.withName("cmsg_level"),
            JAVA_INT.withName("cmsg_type"));
    static final long SIZE = LAYOUT.byteSize();
    /** The kernel's limit for one message, {@code SCM_MAX_FD}. */
    static final int MAX_DESCRIPTORS = 253;
    static final long MAX_LENGTH = SIZE + MAX_DESCRIPTORS * (long) Integer.BYTES;

    private static final long LENGTH = CStruct.offset(LAYOUT, "cmsg_len");
    private static final long LEVEL = CStruct.offset(LAYOUT, "cmsg_level");
    private static final long TYPE = CStruct.offset(LAYOUT, "cmsg_type");

    private static final int SOL_SOCKET = 1;
    private static final int SCM_RIGHTS = 1;

    private ControlMessage() {}

    /**
     * {@code CMSG_LEN}, and not {@code CMSG_SPACE}: the padding behind an odd number of descriptors
     * would be room for one more, and the kernel uses it.
     */
    static long length(int descriptors) {
        return descriptors == 0 ? 0 : SIZE + descriptors * (long) Integer.BYTES;
    }

    static void setHeader(MemorySegment control, int descriptors) {
        control.set(JAVA_LONG, LENGTH, length(descriptors));
        control.set(JAVA_INT, LEVEL, SOL_SOCKET);
        control.set(JAVA_INT, TYPE, SCM_RIGHTS);
    }

    static void setDescriptor(MemorySegment control, int index, int fd) {
        control.set(JAVA_INT, SIZE + index * (long) Integer.BYTES, fd);
    }

    /**
     * The length of the message at {@code at}, or 0 if what is left of {@code end} holds no whole
     * one.
     */
    static long lengthAt(MemorySegment control, long at, long end) {
        if (end - at < SIZE) {
            return 0;
        }
        long length = control.get(JAVA_LONG, at + LENGTH);
        return length >= SIZE && length <= end - at ? length : 0;
    }

    static boolean carriesDescriptors(MemorySegment control, long at) {
        return control.get(JAVA_INT, at + LEVEL) == SOL_SOCKET
                && control.get(JAVA_INT, at + TYPE) == SCM_RIGHTS;
    }

    static int descriptor(MemorySegment control, long at, int index) {
        return control.get(JAVA_INT, at + SIZE + index * (long) Integer.BYTES);
    }

    /** {@code CMSG_ALIGN}: where the next message begins. */
    static long align(long length) {
        return length + (Long.BYTES - 1) & -Long.BYTES;
    }
}
