// SPDX-License-Identifier: Apache-2.0

/** Packets between threads. Not for users of the module. */
@NullMarked
package io.virtio4j.net.ring;

import org.jspecify.annotations.NullMarked;
