// SPDX-License-Identifier: Apache-2.0

/**
 * Contexts of the type "cross-domain": a driver asks what an image in the host's memory has to look like, makes a blob
 * of it, maps it, draws, and shows it without a copy. {@link io.virtio4j.gpu.crossdomain.CrossDomain} is the type.
 */
@NullMarked
package io.virtio4j.gpu.crossdomain;

import org.jspecify.annotations.NullMarked;
