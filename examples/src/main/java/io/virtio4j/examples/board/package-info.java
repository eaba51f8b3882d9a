// SPDX-License-Identifier: Apache-2.0

/** Draws what a simulated board recorded. */
@NullMarked
package io.virtio4j.examples.board;

import org.jspecify.annotations.NullMarked;
