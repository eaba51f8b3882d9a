// SPDX-License-Identifier: Apache-2.0

/** Pictures of what was measured. */
@NullMarked
package io.virtio4j.benchmarks.chart;

import org.jspecify.annotations.NullMarked;
