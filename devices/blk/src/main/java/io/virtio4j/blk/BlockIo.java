// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.blk;

/**
 * Moves the data of one queue's requests from and to the backend. Owned by the queue's owner; goes on where
 * the request's {@code done} says, and moves that forward.
 */
interface BlockIo {

    /** Reads from the backend into the chain, up to {@code until} bytes of the request. */
    Progress read(BlockRequest request, long until);

    /** Writes from the chain to the backend. */
    Progress write(BlockRequest request);

    /** Zeroes, discards or erases the request's current range. */
    Progress range(BlockRequest request);
}
