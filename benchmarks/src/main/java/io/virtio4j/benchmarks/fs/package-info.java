// SPDX-License-Identifier: Apache-2.0

/** FUSE through a file system device. */
@NullMarked
package io.virtio4j.benchmarks.fs;

import org.jspecify.annotations.NullMarked;
