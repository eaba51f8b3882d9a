// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.memory;

import java.lang.foreign.MemorySegment;

/**
 * Memory of the device that the driver can map. [Shared Memory Regions]
 *
 * @param id the {@code shmid}, unique in its device; 0 to 255, with a meaning that the device type gives
 * @param segment the memory; native, valid as long as the device
 */
public record SharedMemoryRegion(int id, MemorySegment segment) {

    /** Checks the id. */
    public SharedMemoryRegion {
        if (id < 0 || id > 255 || segment.byteSize() == 0) {
            throw new IllegalArgumentException("shared memory region needs an id of 0 to 255 and a"
                    + " size: id=" + id + " length=" + segment.byteSize());
        }
    }

    /** Bytes. */
    public long length() {
        return segment.byteSize();
    }
}
