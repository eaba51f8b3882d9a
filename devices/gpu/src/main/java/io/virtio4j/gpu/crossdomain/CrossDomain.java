// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpu.crossdomain;

import io.virtio4j.core.wire.Le32;
import io.virtio4j.core.wire.StateReader;
import io.virtio4j.core.wire.StructLayout;
import io.virtio4j.gpu.GpuContext;
import io.virtio4j.gpu.GpuContextType;
import java.lang.foreign.MemorySegment;

/**
 * The context type "cross-domain" without channels: images in the host's memory, as minigbm's backend of that name
 * allocates them. [Device Operation: controlq, VIRTIO_GPU_CAPSET_CROSS_DOMAIN]
 */
public final class CrossDomain implements GpuContextType {

    /** {@code VIRTIO_GPU_CAPSET_CROSS_DOMAIN} */
    private static final int CAPSET_ID = 5;
    private static final int VERSION = 1;

    private static final StructLayout CAPABILITIES = StructLayout.of("CrossDomainCapabilities");
    private static final Le32 CAPABILITIES_VERSION = CAPABILITIES.le32("version");
    @SuppressWarnings("unused")
    private static final Le32 SUPPORTED_CHANNELS = CAPABILITIES.le32("supported_channels");
    @SuppressWarnings("unused")
    private static final Le32 SUPPORTS_DMABUF = CAPABILITIES.le32("supports_dmabuf");
    private static final Le32 SUPPORTS_EXTERNAL_GPU_MEMORY = CAPABILITIES.le32("supports_external_gpu_memory");
    private static final int CAPABILITIES_SIZE = CAPABILITIES.size(16);

    /** Creates the type. */
    public CrossDomain() {}

    @Override
    public int capsetId() {
        return CAPSET_ID;
    }

    @Override
    public int maxVersion() {
        return VERSION;
    }

    /** There are no channels; memory that is made here can be shared with the guest. */
    @Override
    public byte[] capset(int version) {
        byte[] capset = new byte[CAPABILITIES_SIZE];
        MemorySegment fields = MemorySegment.ofArray(capset);
        CAPABILITIES_VERSION.set(fields, 0, VERSION);
        SUPPORTS_EXTERNAL_GPU_MEMORY.set(fields, 0, 1);
        return capset;
    }

    @Override
    public GpuContext create(String debugName) {
        return new CrossDomainContext();
    }

    @Override
    public GpuContext restore(String debugName, StateReader in) {
        CrossDomainContext context = new CrossDomainContext();
        context.restore(in);
        return context;
    }
}
