// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.blk;

/** What is done to a range. */
enum RangeWork {
    /** Storage is given back, the content does not matter. */
    DISCARD,
    /** Zeroes, storage kept. */
    ZERO,
    /** Zeroes, storage given back if possible. */
    UNMAP,
    /** The content is destroyed. */
    ERASE
}
