// SPDX-License-Identifier: Apache-2.0

/**
 * GPU device. [Device Types / GPU Device]
 *
 * <p>{@link io.virtio4j.gpu.GpuDevice} is the device: it keeps the driver's resources and tells what each {@link
 * io.virtio4j.gpu.Scanout} shows. Who wants to see it listens to scanouts and reads their pixels. What 3D commands mean
 * is the business of a {@link io.virtio4j.gpu.GpuContextType}.
 */
@NullMarked
package io.virtio4j.gpu;

import org.jspecify.annotations.NullMarked;
