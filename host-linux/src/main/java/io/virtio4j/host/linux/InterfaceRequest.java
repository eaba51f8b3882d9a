// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.host.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.nio.charset.StandardCharsets;

/** {@code struct ifreq}, with the member {@code ifr_flags} of its union. */
final class InterfaceRequest {
    /** Bytes of a name, the final zero included. */
    static final int NAME_SIZE = 16;

    static final StructLayout LAYOUT = CStruct.of("ifreq", 40,
            MemoryLayout.sequenceLayout(NAME_SIZE, JAVA_BYTE).withName("ifr_name"),
            JAVA_SHORT.withName("ifr_flags"),
            MemoryLayout.paddingLayout(22));

    private static final long FLAGS = CStruct.offset(LAYOUT, "ifr_flags");

    private InterfaceRequest() {}

    static void set(MemorySegment request, String name, int flags) {
        request.fill((byte) 0);
        byte[] bytes = name.getBytes(StandardCharsets.US_ASCII);
        MemorySegment.copy(bytes, 0, request, JAVA_BYTE, 0, bytes.length);
        request.set(JAVA_SHORT, FLAGS, (short) flags);
    }

    static String name(MemorySegment request) {
        return request.getString(0, StandardCharsets.US_ASCII);
    }
}
