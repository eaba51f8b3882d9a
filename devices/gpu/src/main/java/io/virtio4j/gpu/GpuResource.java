// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpu;

import io.virtio4j.core.device.ExportedObject;

/** A resource that the driver has attached to a context. */
public interface GpuResource extends ExportedObject {

    /** What the driver calls it. */
    int id();
}
