// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.blk;

import io.virtio4j.core.device.VirtioDevice;

/** On an overlay. */
class OverlayBlockContractTest extends BlockContract {

    private final OverlayBackend overlay = OverlayBackend.inMemory(new MemoryBackend(SIZE));

    @Override
    protected VirtioDevice device() {
        return BlockDevice.of(overlay).build();
    }
}
