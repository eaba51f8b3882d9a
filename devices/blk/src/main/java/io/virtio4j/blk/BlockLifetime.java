// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.blk;

/**
 * How worn the storage is: {@code struct virtio_blk_lifetime}. [Block Device / Device Operation]
 *
 * @param preEolInfo reserved blocks consumed: 0 undefined, 1 below 80 %, 2 80 %, 3 90 %
 * @param typeA wear of SLC cells in steps of 10 %: 0 undefined, 1 up to 10 %, ... 11 lifetime exceeded
 * @param typeB wear of MLC cells, likewise
 */
public record BlockLifetime(int preEolInfo, int typeA, int typeB) {

    static final int SIZE = 6;

    /** Checks the values: the reserved ones are never sent. */
    public BlockLifetime {
        if (preEolInfo < 0 || preEolInfo > 3 || typeA < 0 || typeA > 11 || typeB < 0 || typeB > 11) {
            throw new IllegalArgumentException("lifetime has reserved values: preEolInfo=" + preEolInfo
                    + " (0 to 3) typeA=" + typeA + " (0 to 11) typeB=" + typeB + " (0 to 11)");
        }
    }
}
