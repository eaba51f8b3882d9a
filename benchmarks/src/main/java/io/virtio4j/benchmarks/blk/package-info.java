// SPDX-License-Identifier: Apache-2.0

/** What a request costs on its way through a block device to its backend. */
@NullMarked
package io.virtio4j.benchmarks.blk;

import org.jspecify.annotations.NullMarked;
