// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.queue;

import io.virtio4j.core.wire.Le32;
import io.virtio4j.core.wire.StructLayout;

/** {@code struct pvirtq_event_suppress}. [Packed Virtqueues / Event Suppression Structure Format] */
final class EventSuppress {

    private static final StructLayout LAYOUT = StructLayout.of("pvirtq_event_suppress");

    /** {@code le16 desc} (offset 15 bits, wrap 1 bit) and {@code le16 flags}, at once. */
    static final Le32 DESC_FLAGS = LAYOUT.le32("desc, flags");

    static final int SIZE = LAYOUT.size(4);

    static final int ENABLE = 0;
    static final int DISABLE = 1;
    static final int DESC = 2;

    private EventSuppress() {}

    static long descFlags(int offset, boolean wrap, int flags) {
        return offset & 0x7FFF | (wrap ? 0x8000 : 0) | (long) flags << 16;
    }

    static int offset(long descFlags) {
        return (int) descFlags & 0x7FFF;
    }

    static boolean wrap(long descFlags) {
        return (descFlags & 0x8000) != 0;
    }

    static int flags(long descFlags) {
        return (int) (descFlags >>> 16) & 3;
    }
}
