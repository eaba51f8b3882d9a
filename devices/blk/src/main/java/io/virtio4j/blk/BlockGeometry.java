// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.blk;

/**
 * A disk-style geometry, for drivers that ask for one. [Block Device / Device configuration layout]
 *
 * @param cylinders 0 to 65535
 * @param heads 0 to 255
 * @param sectors in a track; 0 to 255
 */
public record BlockGeometry(int cylinders, int heads, int sectors) {

    /** Checks the values. */
    public BlockGeometry {
        if (cylinders < 0 || cylinders > 65535 || heads < 0 || heads > 255 || sectors < 0 || sectors > 255) {
            throw new IllegalArgumentException("geometry does not fit its fields: cylinders=" + cylinders
                    + " (0 to 65535) heads=" + heads + " (0 to 255) sectors=" + sectors + " (0 to 255)");
        }
    }
}
