// SPDX-License-Identifier: Apache-2.0

/**
 * The file system device: a directory tree of the host, or of nowhere but this program, that a guest mounts.
 * [Device Types / File System Device]
 *
 * <p>What is served is a {@link io.virtio4j.fs.backend.FsBackend}.
 */
@NullMarked
package io.virtio4j.fs;

import org.jspecify.annotations.NullMarked;
