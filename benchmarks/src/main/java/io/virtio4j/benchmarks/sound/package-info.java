// SPDX-License-Identifier: Apache-2.0

/** The sound device. */
@NullMarked
package io.virtio4j.benchmarks.sound;

import org.jspecify.annotations.NullMarked;
