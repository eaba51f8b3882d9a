// SPDX-License-Identifier: Apache-2.0

/**
 * Any {@link java.nio.file.FileSystem} for a guest: a directory, a ZIP file, one in memory, a store somewhere else.
 *
 * <p><b>What is promised.</b> Whatever the driver does, with however many queues at once, nothing outside of the root
 * is read or changed: symbolic links are never followed, and while names that lead to a file are used, none of them is
 * changed by the driver.
 *
 * <p><b>What cannot be promised.</b> A {@link java.nio.file.Path} is a text that the host looks up anew each time.
 * Somebody else who may write into the tree at the same time, such as another guest or a process of the host, can put
 * a symbolic link in place of a directory between two looks, and lead the device out. {@link
 * java.nio.file.SecureDirectoryStream} does not change that: it looks names with a slash up like any path, and lacks
 * most of the calls. A tree that others write to as well is safe with the backend for Linux only, which holds on to
 * the files themselves.
 */
@NullMarked
package io.virtio4j.fs.nio;

import org.jspecify.annotations.NullMarked;
