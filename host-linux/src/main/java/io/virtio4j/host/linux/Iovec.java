// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.host.linux;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;

/** {@code struct iovec}. */
final class Iovec {
    static final StructLayout LAYOUT = CStruct.of("iovec", 16,
            JAVA_LONG.withName("iov_base"),
            JAVA_LONG.withName("iov_len"));
    static final long SIZE = LAYOUT.byteSize();

    private static final long BASE = CStruct.offset(LAYOUT, "iov_base");
    private static final long LENGTH = CStruct.offset(LAYOUT, "iov_len");

    private Iovec() {}

    static void set(MemorySegment vector, int index, long address, long length) {
        vector.set(JAVA_LONG, SIZE * index + BASE, address);
        vector.set(JAVA_LONG, SIZE * index + LENGTH, length);
    }
}
