// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.queue;

/**
 * What was negotiated about the rings of a device.
 *
 * @param format split, or packed with RING_PACKED
 * @param indirect RING_INDIRECT_DESC: the driver may use indirect descriptor tables
 * @param eventIndex RING_EVENT_IDX: notifications are suppressed by index
 * @param inOrder IN_ORDER: the device uses buffers in the order in which they were available
 */
public record RingFeatures(
        RingFormat format, boolean indirect, boolean eventIndex, boolean inOrder) {}
