// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs;

import io.virtio4j.fs.backend.FsCaller;

/** The device itself asks, where a state is restored. */
final class SystemCaller implements FsCaller {

    static final SystemCaller INSTANCE = new SystemCaller();

    private SystemCaller() {}

    @Override
    public long user() {
        return 0;
    }

    @Override
    public long group() {
        return 0;
    }

    @Override
    public long process() {
        return 0;
    }

    @Override
    public int supplementaryGroups() {
        return 0;
    }

    @Override
    public long supplementaryGroup(int index) {
        throw new IndexOutOfBoundsException(index);
    }

    @Override
    public boolean isInterrupted() {
        return false;
    }
}
