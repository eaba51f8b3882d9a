// SPDX-License-Identifier: Apache-2.0

/** A file system that is nowhere but in this program: files in memory, and files that code computes. */
@NullMarked
package io.virtio4j.fs.tree;

import org.jspecify.annotations.NullMarked;
