// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpu;

import io.virtio4j.core.wire.StateReader;

/**
 * A protocol of command streams, and how contexts are made that understand it. [Device Operation: controlq (3d)]
 *
 * <p>With at least one, the device offers VIRGL, which stands for the 3D commands, and CONTEXT_INIT. A driver tells
 * by the capability set which protocol there is.
 */
public interface GpuContextType {

    /** {@code capset_id}: one that the specification lists, see {@code VIRTIO_GPU_CAPSET_*}; 1 to 63. */
    int capsetId();

    /** {@code capset_max_version} */
    int maxVersion();

    /** The capability set; for every version up to the greatest of the same length, at most 64 KiB. */
    byte[] capset(int version);

    /**
     * Makes a context.
     *
     * @param debugName what the driver calls it, for messages
     */
    GpuContext create(String debugName);

    /**
     * Makes a context that goes on where {@link GpuContext#save} was called.
     *
     * @throws io.virtio4j.core.wire.StateException if the state does not fit
     */
    GpuContext restore(String debugName, StateReader in);
}
