// SPDX-License-Identifier: Apache-2.0

/**
 * Networks behind the device: {@link io.virtio4j.net.backend.NetBackend} is what an embedder implements,
 * {@link io.virtio4j.net.backend.NetPort} what it is given. Knows packets, and nothing of queues.
 */
@NullMarked
package io.virtio4j.net.backend;

import org.jspecify.annotations.NullMarked;
