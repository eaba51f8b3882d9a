// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.queue;

import io.virtio4j.core.wire.Le16;
import io.virtio4j.core.wire.StructLayout;

/** {@code struct virtq_avail}. [Virtqueues / The Virtqueue Available Ring] */
final class VirtqAvail {

    private static final StructLayout LAYOUT = StructLayout.of("virtq_avail");

    static final Le16 FLAGS = LAYOUT.le16("flags");
    static final Le16 IDX = LAYOUT.le16("idx");

    /** {@code le16 ring[queue size]}, then {@code le16 used_event}. */
    static final int RING = LAYOUT.size(4);

    static final int F_NO_INTERRUPT = 1;

    /** An element of {@code ring}, and {@code used_event}. */
    static final Le16 ENTRY = new Le16(0);

    private VirtqAvail() {}

    static long usedEvent(int size) {
        return RING + 2L * size;
    }

    static long bytes(int size, boolean eventIndex) {
        return usedEvent(size) + (eventIndex ? 2 : 0);
    }
}
