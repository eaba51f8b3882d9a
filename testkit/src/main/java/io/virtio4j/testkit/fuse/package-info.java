// SPDX-License-Identifier: Apache-2.0

/**
 * The driver's side of a file system device: {@link io.virtio4j.testkit.fuse.FuseDriver} speaks FUSE to it, and
 * {@link io.virtio4j.testkit.fuse.FuseContract} is what no driver gets from it, as tests. Structures and numbers stand
 * here a second time, independent of the device, so that a mistake there is not repeated here.
 */
@NullMarked
package io.virtio4j.testkit.fuse;

import org.jspecify.annotations.NullMarked;
