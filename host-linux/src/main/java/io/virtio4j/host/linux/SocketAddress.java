// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.host.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;

/** {@code struct sockaddr_un}. */
final class SocketAddress {
    static final int AF_UNIX = 1;
    static final int NAME_SIZE = 108;
    static final StructLayout LAYOUT = CStruct.of("sockaddr_un", 110,
            JAVA_SHORT.withName("sun_family"),
            MemoryLayout.sequenceLayout(NAME_SIZE, JAVA_BYTE).withName("sun_path"));

    private static final long FAMILY = CStruct.offset(LAYOUT, "sun_family");
    private static final long NAME = CStruct.offset(LAYOUT, "sun_path");

    private SocketAddress() {}

    /**
     * Writes the address and returns its length: {@code name} is all of {@code sun_path} that
     * counts.
     */
    static int set(MemorySegment address, byte[] name) {
        address.fill((byte) 0);
        address.set(JAVA_SHORT, FAMILY, (short) AF_UNIX);
        MemorySegment.copy(name, 0, address, JAVA_BYTE, NAME, name.length);
        return (int) NAME + name.length;
    }
}
