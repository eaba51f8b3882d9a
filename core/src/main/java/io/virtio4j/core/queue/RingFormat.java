// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.queue;

/** The two virtqueue formats. [Virtqueues] */
public enum RingFormat {
    /** Separate descriptor table, available ring and used ring. [Split Virtqueues] */
    SPLIT,
    /** One descriptor ring that both sides write. [Packed Virtqueues] */
    PACKED
}
