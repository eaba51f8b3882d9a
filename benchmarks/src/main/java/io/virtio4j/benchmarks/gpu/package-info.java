// SPDX-License-Identifier: Apache-2.0

/** Pictures through a GPU device. */
@NullMarked
package io.virtio4j.benchmarks.gpu;

import org.jspecify.annotations.NullMarked;
