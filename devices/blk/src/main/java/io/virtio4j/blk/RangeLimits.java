// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.blk;

/**
 * What one DISCARD, WRITE_ZEROES or SECURE_ERASE request may ask for.
 *
 * @param maxSectors sectors of 512 bytes in one segment
 * @param maxSegments segments in one request
 * @param alignment what the driver should split at; sectors of 512 bytes
 */
public record RangeLimits(long maxSectors, int maxSegments, long alignment) {

    /** The most segments that can be allowed: the device copies them before it works on any. */
    public static final int MOST_SEGMENTS = 256;

    /** 1 GiB in one segment, 32 segments, aligned to 4 KiB. */
    public static final RangeLimits DEFAULT = new RangeLimits(1 << 21, 32, 8);

    /** Checks the values. */
    public RangeLimits {
        if (maxSectors < 1 || maxSectors > 0xFFFF_FFFFL) {
            throw new IllegalArgumentException(
                    "maxSectors has to be 1 to 2^32 - 1: maxSectors=" + maxSectors);
        }
        if (maxSegments < 1 || maxSegments > MOST_SEGMENTS) {
            throw new IllegalArgumentException("maxSegments has to be 1 to " + MOST_SEGMENTS
                    + ": maxSegments=" + maxSegments);
        }
        if (alignment < 1 || alignment > 0xFFFF_FFFFL) {
            throw new IllegalArgumentException("alignment has to be 1 to 2^32 - 1 sectors: alignment="
                    + alignment);
        }
    }
}
