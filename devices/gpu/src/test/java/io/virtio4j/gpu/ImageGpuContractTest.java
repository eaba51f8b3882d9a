// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpu;

import io.virtio4j.core.device.VirtioDevice;

/** With two dimensions. */
class ImageGpuContractTest extends GpuContract {

    @Override
    protected VirtioDevice device() {
        return GpuDevice.builder().output(Monitor.of(640, 480)).emptyOutput()
                .limits(GpuLimits.DEFAULT.withHostBytes(4 << 20)).build();
    }
}
