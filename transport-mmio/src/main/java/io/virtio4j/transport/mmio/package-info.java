// SPDX-License-Identifier: Apache-2.0

/**
 * The MMIO transport: one device behind a window of memory-mapped registers and one interrupt. [Virtio Over
 * MMIO]
 *
 * <p>{@link io.virtio4j.transport.mmio.MmioTransport} maps register accesses onto a {@link
 * io.virtio4j.core.transport.DeviceInstance} and its notifications onto an {@link
 * io.virtio4j.transport.mmio.MmioInterrupt}. {@link io.virtio4j.transport.mmio.MmioWindow} tells a guest
 * where the window is.
 */
@NullMarked
package io.virtio4j.transport.mmio;

import org.jspecify.annotations.NullMarked;
