// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs.backend;

/**
 * A file that was created and opened at once. Both are to be released.
 *
 * @param node the file
 * @param file the open file
 */
public record FsCreated(FsNode node, FsFile file) {}
