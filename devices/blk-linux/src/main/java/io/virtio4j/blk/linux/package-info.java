// SPDX-License-Identifier: Apache-2.0

/**
 * Backends of the block device that use what Linux has beyond the JDK: storage in the middle of a file is
 * given back.
 */
@NullMarked
package io.virtio4j.blk.linux;

import org.jspecify.annotations.NullMarked;
