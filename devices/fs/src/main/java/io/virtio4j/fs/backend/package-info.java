// SPDX-License-Identifier: Apache-2.0

/**
 * What a file system device serves: interfaces to be implemented by a backend, and the values that pass through them.
 *
 * <p><b>Who is who.</b> An {@link FsBackend} has a root, which is an {@link FsNode}. Nodes give nodes by name, open
 * {@link FsFile}s to move data, and open {@link FsDirectory}s to be listed. The device's session gives nodes and open
 * files the numbers that the driver knows them by, counts who uses them, and calls {@code release} once for each that
 * a backend handed out. Backends see no number of the driver, no descriptor and no FUSE structure.
 *
 * <p><b>What is checked before a backend is called.</b> A {@link FsName} is one component of a path, always. A node or
 * open file that is passed in came from this backend and is not released before the call returns. Flags are known
 * ones. On a read-only device nothing is called that changes something. What is left for a backend: everything that
 * only its storage knows, first of all never to leave it.
 *
 * <p><b>Threads.</b> Any number of threads call at once, one for each queue that has a worker of its own, or one for
 * each thread of the executor that the device was given. A call may block; it then holds up the other requests of its
 * queue and nobody else. {@code release} alone is also called for the high priority queue, which waits for nothing:
 * it must not block for long. No lock of the device is held during any call.
 *
 * <p><b>Errors.</b> An {@link FsException} carries the error number that the driver's program sees; the shared ones
 * cost nothing. Any other {@link java.io.IOException} is answered with EIO. A {@link RuntimeException} is a fault of
 * the backend: EIO as well, and reported to the embedder.
 *
 * <p><b>What costs nothing.</b> Reads, writes and attributes allocate nothing in the device: attributes are filled
 * into an object that is lent, data is moved between the guest's memory and the backend's file by {@link DataTarget}
 * and {@link DataSource}, which lend the pieces of memory themselves to a backend that can use them.
 */
@NullMarked
package io.virtio4j.fs.backend;

import org.jspecify.annotations.NullMarked;
