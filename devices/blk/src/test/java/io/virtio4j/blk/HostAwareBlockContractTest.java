// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.blk;

import io.virtio4j.core.device.VirtioDevice;

/** With zones that may be written anywhere. */
class HostAwareBlockContractTest extends BlockContract {

    private final MemoryBackend memory = new MemoryBackend(SIZE);

    @Override
    protected VirtioDevice device() {
        return BlockDevice.of(memory).zones(ZoneLayout.hostAware(256).withLimits(2, 4)).build();
    }
}
