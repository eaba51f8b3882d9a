// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.queue;

import io.virtio4j.core.wire.Le16;
import io.virtio4j.core.wire.Le64;
import io.virtio4j.core.wire.StructLayout;

/** {@code struct virtq_used}. [Virtqueues / The Virtqueue Used Ring] */
final class VirtqUsed {

    private static final StructLayout LAYOUT = StructLayout.of("virtq_used");

    static final Le16 FLAGS = LAYOUT.le16("flags");
    static final Le16 IDX = LAYOUT.le16("idx");

    /** {@code struct virtq_used_elem ring[queue size]}, then {@code le16 avail_event}. */
    static final int RING = LAYOUT.size(4);

    static final int F_NO_NOTIFY = 1;

    /** {@code struct virtq_used_elem}: {@code le32 id}, {@code le32 len}, written at once. */
    static final Le64 ELEM = new Le64(0);

    static final int ELEM_SIZE = 8;

    static final Le16 AVAIL_EVENT = new Le16(0);

    private VirtqUsed() {}

    static long elem(int id, long len) {
        return id & 0xFFFF_FFFFL | len << 32;
    }

    static long availEvent(int size) {
        return RING + (long) ELEM_SIZE * size;
    }

    static long bytes(int size, boolean eventIndex) {
        return availEvent(size) + (eventIndex ? 2 : 0);
    }
}
