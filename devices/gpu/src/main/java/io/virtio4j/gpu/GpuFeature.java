// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpu;

import io.virtio4j.core.device.Feature;
import io.virtio4j.core.device.FeatureSet;

/** Feature bits of the GPU device. [GPU Device / Feature bits] */
public enum GpuFeature implements Feature {
    /** The 3D commands. What contexts understand is told by their capability sets. */
    VIRGL(0, -1),
    /** GET_EDID. */
    EDID(1, -1),
    /** Resources are exported to other devices by UUID. */
    RESOURCE_UUID(2, -1),
    /** Blob resources. */
    RESOURCE_BLOB(3, -1),
    /** Several types of contexts, and timelines. */
    CONTEXT_INIT(4, 0),
    /** Blobs are aligned to {@code blob_alignment}. */
    BLOB_ALIGNMENT(5, 3);

    private final int bit;
    private final int required;

    GpuFeature(int bit, int required) {
        this.bit = bit;
        this.required = required;
    }

    @Override
    public int bit() {
        return bit;
    }

    // > VIRTIO_GPU_F_CONTEXT_INIT [...] Requires VIRTIO_GPU_F_VIRGL. [Feature bits]

    @Override
    public boolean isSatisfiedBy(FeatureSet others) {
        return required < 0 || others.hasBit(required);
    }

    @Override
    public String requirement() {
        return required < 0 ? "" : values()[required].name();
    }
}
