// SPDX-License-Identifier: Apache-2.0

/**
 * A backend of the file system device: {@link io.virtio4j.fs.linux.HostDirectory}, a directory of a Linux host of which
 * a guest reaches nothing outside.
 */
@NullMarked
package io.virtio4j.fs.linux;

import org.jspecify.annotations.NullMarked;
