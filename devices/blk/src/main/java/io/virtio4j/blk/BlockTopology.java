// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.blk;

/**
 * Hints for alignment and size. [Block Device / Device configuration layout]
 *
 * @param physicalBlockExp logical blocks in a physical block, as a power of two: 3 is eight
 * @param alignmentOffset the first logical block that begins a physical one
 * @param minIoSize the smallest I/O that is suggested; logical blocks
 * @param optIoSize the best I/O size; logical blocks
 */
public record BlockTopology(int physicalBlockExp, int alignmentOffset, int minIoSize, long optIoSize) {

    /** Checks the values. */
    public BlockTopology {
        if (physicalBlockExp < 0 || physicalBlockExp > 16 || alignmentOffset < 0 || alignmentOffset > 255
                || minIoSize < 0 || minIoSize > 65535 || optIoSize < 0 || optIoSize > 0xFFFF_FFFFL) {
            throw new IllegalArgumentException("topology does not fit its fields: physicalBlockExp="
                    + physicalBlockExp + " (0 to 16) alignmentOffset=" + alignmentOffset
                    + " (0 to 255) minIoSize=" + minIoSize + " (0 to 65535) optIoSize=" + optIoSize
                    + " (0 to 2^32 - 1)");
        }
    }
}
