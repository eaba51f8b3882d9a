// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit;

/**
 * What an available buffer notification carries with NOTIFICATION_DATA. [Driver Notifications]
 *
 * @param queue the queue's index
 * @param nextOffset where the next available entry will be: split, the low 15 bits of the available
 *     index; packed, a slot of the ring
 * @param nextWrap split, bit 15 of the available index; packed, the driver's wrap counter at that slot
 */
public record NotificationData(int queue, int nextOffset, boolean nextWrap) {

    /** The 32 bits that the driver writes; the low half may be another value than the queue's index. */
    public int encode(int lowHalf) {
        return lowHalf & 0xFFFF | (nextOffset & 0x7FFF) << 16 | (nextWrap ? 1 << 31 : 0);
    }

    /** The 32 bits that the driver writes. */
    public int encode() {
        return encode(queue);
    }
}
