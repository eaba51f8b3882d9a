// SPDX-License-Identifier: Apache-2.0

/** What a chain costs on its way through a virtqueue, on the device's side. */
@NullMarked
package io.virtio4j.benchmarks.queue;

import org.jspecify.annotations.NullMarked;
