// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.blk;

import io.virtio4j.core.device.VirtioDevice;
import java.util.concurrent.atomic.AtomicLong;

/** Forced after each write. */
class WriteThroughBlockContractTest extends BlockContract {

    private final RecordedStorage storage = new RecordedStorage(SIZE, new AtomicLong());

    @Override
    protected VirtioDevice device() {
        return BlockDevice.of(storage.backend()).writeback(false).forceThread(Runnable::run).build();
    }
}
