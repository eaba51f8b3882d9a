// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.device;

import java.util.List;

/** Nothing is counted. */
enum NoCounters implements Counters<Counter> {
    NONE;

    @Override
    public List<Counter> all() {
        return List.of();
    }

    @Override
    public long get(Counter counter) {
        return 0;
    }

    @Override
    public int rows() {
        return 1;
    }

    @Override
    public long get(Counter counter, int row) {
        return 0;
    }
}
