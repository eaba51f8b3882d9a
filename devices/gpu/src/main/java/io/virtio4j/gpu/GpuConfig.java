// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpu;

import io.virtio4j.core.wire.Le32;
import io.virtio4j.core.wire.StructLayout;

/** {@code struct virtio_gpu_config}. [GPU Device / Device configuration layout] */
final class GpuConfig {

    private static final StructLayout LAYOUT = StructLayout.of("virtio_gpu_config");

    static final Le32 EVENTS_READ = LAYOUT.le32("events_read");
    static final Le32 EVENTS_CLEAR = LAYOUT.le32("events_clear");
    static final Le32 NUM_SCANOUTS = LAYOUT.le32("num_scanouts");
    static final Le32 NUM_CAPSETS = LAYOUT.le32("num_capsets");
    static final Le32 BLOB_ALIGNMENT = LAYOUT.le32("blob_alignment");
    static final int SIZE = LAYOUT.size(20);

    /** {@code VIRTIO_GPU_EVENT_DISPLAY} */
    static final int EVENT_DISPLAY = 1;

    private GpuConfig() {}
}
