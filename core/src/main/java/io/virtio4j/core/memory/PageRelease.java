// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.memory;

import java.io.IOException;
import java.lang.foreign.MemorySegment;

/**
 * Gives guest memory back to the host. {@code LinuxPageRelease} of virtio4j-balloon-linux does, where memory is a
 * mapping.
 */
@FunctionalInterface
public interface PageRelease {

    /** Gives nothing back: memory that the guest does not use stays where it is. */
    PageRelease NONE = (memory, offset, length) -> false;

    /**
     * Gives a range back. Nobody has a use for its content; afterwards it reads as zeroes, and takes memory
     * again as it is written. Called by the owners of queues, from several threads at a time for different ranges.
     *
     * @param memory the segment of a region of guest memory, which stays valid meanwhile
     * @param offset where the range begins, in bytes; its address is a multiple of {@link #granule()}
     * @param length bytes; a multiple of {@link #granule()}, more than 0
     * @return whether it was given back; if not, such memory cannot be, and is as it was
     * @throws IOException if it failed, and others may not
     */
    boolean release(MemorySegment memory, long offset, long length) throws IOException;

    /** {@return the host's page size in bytes; a power of two} */
    default int granule() {
        return 4096;
    }
}
