// SPDX-License-Identifier: Apache-2.0

/** Races of this package that only jcstress can show. */
@NullMarked
package io.virtio4j.core.queue;

import org.jspecify.annotations.NullMarked;
