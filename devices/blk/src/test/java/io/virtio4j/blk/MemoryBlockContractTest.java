// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.blk;

import io.virtio4j.core.device.VirtioDevice;

/** On a memory backend, with several queues. */
class MemoryBlockContractTest extends BlockContract {

    private final MemoryBackend memory = new MemoryBackend(SIZE);

    @Override
    protected VirtioDevice device() {
        return BlockDevice.of(memory).queues(3).build();
    }
}
