// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.queue;

import io.virtio4j.core.wire.Le16;
import io.virtio4j.core.wire.Le32;
import io.virtio4j.core.wire.Le64;
import io.virtio4j.core.wire.StructLayout;

/** {@code struct pvirtq_desc}. [Packed Virtqueues / The Virtqueue Descriptor Table] */
final class PackedDesc {

    private static final StructLayout LAYOUT = StructLayout.of("pvirtq_desc");

    static final Le64 ADDR = LAYOUT.le64("addr");
    static final Le32 LEN = LAYOUT.le32("len");
    static final Le16 ID = LAYOUT.le16("id");
    static final Le16 FLAGS = LAYOUT.le16("flags");

    static final int SIZE = LAYOUT.size(16);

    /** {@code len}, {@code id} and {@code flags} at once: one acquire, one release. */
    static final Le64 LEN_ID_FLAGS = new Le64(LEN.offset());

    static final int F_NEXT = 1;
    static final int F_WRITE = 2;
    static final int F_INDIRECT = 4;
    static final int F_AVAIL = 1 << 7;
    static final int F_USED = 1 << 15;

    private PackedDesc() {}

    static long len(long lenIdFlags) {
        return lenIdFlags & 0xFFFF_FFFFL;
    }

    static int id(long lenIdFlags) {
        return (int) (lenIdFlags >>> 32) & 0xFFFF;
    }

    static int flags(long lenIdFlags) {
        return (int) (lenIdFlags >>> 48);
    }

    static long lenIdFlags(long len, int id, int flags) {
        return len & 0xFFFF_FFFFL | (long) (id & 0xFFFF) << 32 | (long) flags << 48;
    }

    /** What AVAIL and USED are in descriptors that are available to a device with this wrap counter. */
    static int available(boolean wrap) {
        return wrap ? F_AVAIL : F_USED;
    }

    /** Whether a descriptor with these flags is available, as {@link #available(boolean)} tells. */
    static boolean isAvailable(int flags, int available) {
        return (flags & (F_AVAIL | F_USED)) == available;
    }
}
