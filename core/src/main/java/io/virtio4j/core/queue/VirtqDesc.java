// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.queue;

import io.virtio4j.core.wire.Le16;
import io.virtio4j.core.wire.Le32;
import io.virtio4j.core.wire.Le64;
import io.virtio4j.core.wire.StructLayout;

/** {@code struct virtq_desc}. [Virtqueues / The Virtqueue Descriptor Table] */
final class VirtqDesc {

    private static final StructLayout LAYOUT = StructLayout.of("virtq_desc");

    static final Le64 ADDR = LAYOUT.le64("addr");
    static final Le32 LEN = LAYOUT.le32("len");
    static final Le16 FLAGS = LAYOUT.le16("flags");
    static final Le16 NEXT = LAYOUT.le16("next");

    static final int SIZE = LAYOUT.size(16);

    /** {@code len}, {@code flags} and {@code next} at once: one read, so they belong together. */
    static final Le64 LEN_FLAGS_NEXT = new Le64(LEN.offset());

    static final int F_NEXT = 1;
    static final int F_WRITE = 2;
    static final int F_INDIRECT = 4;

    private VirtqDesc() {}

    static long len(long lenFlagsNext) {
        return lenFlagsNext & 0xFFFF_FFFFL;
    }

    static int flags(long lenFlagsNext) {
        return (int) (lenFlagsNext >>> 32) & 0xFFFF;
    }

    static int next(long lenFlagsNext) {
        return (int) (lenFlagsNext >>> 48);
    }
}
