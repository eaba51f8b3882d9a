// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpu;

import io.virtio4j.core.device.ExportedObjects;
import io.virtio4j.core.device.VirtioDevice;
import io.virtio4j.gpu.crossdomain.CrossDomain;

/** With contexts, a host visible region and exported resources: all there is. */
class ContextGpuContractTest extends GpuContract {

    @Override
    protected VirtioDevice device() {
        return GpuDevice.builder().output(Monitor.of(640, 480)).contextType(new CrossDomain())
                .exports(new ExportedObjects()).hostVisibleBytes(1 << 20)
                .limits(GpuLimits.DEFAULT.withHostBytes(4 << 20)).build();
    }
}
