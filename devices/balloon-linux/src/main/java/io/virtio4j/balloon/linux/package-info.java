// SPDX-License-Identifier: Apache-2.0

/** Gives the pages of a memory balloon back to a Linux host. */
@NullMarked
package io.virtio4j.balloon.linux;

import org.jspecify.annotations.NullMarked;
