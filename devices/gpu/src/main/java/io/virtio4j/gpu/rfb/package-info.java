// SPDX-License-Identifier: Apache-2.0

/**
 * The Remote Framebuffer protocol, of which VNC is made: any viewer shows what an output of a GPU device shows. {@link
 * io.virtio4j.gpu.rfb.RfbServer} is where to begin.
 */
@NullMarked
package io.virtio4j.gpu.rfb;

import org.jspecify.annotations.NullMarked;
