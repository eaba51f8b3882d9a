// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.balloon;

import io.virtio4j.core.device.Feature;

/** Feature bits of the balloon device. [Memory Balloon Device / Feature bits] */
public enum BalloonFeature implements Feature {
    /** The driver tells before it uses pages from the balloon. */
    MUST_TELL_HOST(0),
    /** There is a queue for memory statistics. */
    STATS_VQ(1),
    /** The driver may take pages from the balloon when the guest runs out of memory. */
    DEFLATE_ON_OOM(2),
    /** There is a queue for hints of free pages. */
    FREE_PAGE_HINT(3),
    /** The driver says what free pages are filled with. */
    PAGE_POISON(4),
    /** There is a queue for reports of free pages. */
    PAGE_REPORTING(5);

    private final int bit;

    BalloonFeature(int bit) {
        this.bit = bit;
    }

    @Override
    public int bit() {
        return bit;
    }
}
