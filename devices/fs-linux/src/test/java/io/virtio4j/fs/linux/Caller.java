// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs.linux;

import io.virtio4j.fs.backend.FsCaller;
import java.util.List;

/** A process of a guest's. */
record Caller(long user, long group, List<Long> more) implements FsCaller {
    static final Caller ROOT = new Caller(0, 0, List.of());

    @Override
    public long process() {
        return 1;
    }

    @Override
    public int supplementaryGroups() {
        return more.size();
    }

    @Override
    public long supplementaryGroup(int index) {
        return more.get(index);
    }

    @Override
    public boolean isInterrupted() {
        return false;
    }
}
