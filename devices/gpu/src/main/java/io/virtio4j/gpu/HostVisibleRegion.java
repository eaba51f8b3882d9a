// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpu;

import io.virtio4j.core.memory.MemoryRegion;
import io.virtio4j.core.memory.SharedMemoryRegion;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The host visible memory region, where blobs are mapped. [Device Initialization]
 *
 * <p>A mapping moves a blob's bytes here: memory that is part of a virtual machine cannot be replaced by other memory
 * without native calls, and one copy when it is mapped is cheaper than one for each look at it.
 */
final class HostVisibleRegion implements AutoCloseable {

    /** {@code VIRTIO_GPU_SHM_ID_HOST_VISIBLE} */
    static final int ID = 1;

    private final MemorySegment memory;
    /** The memory, if it is this device's own. */
    private final @Nullable MemoryRegion own;
    private final TreeMap<Long, BlobResource> mapped = new TreeMap<>();

    private HostVisibleRegion(MemorySegment memory, @Nullable MemoryRegion own) {
        this.memory = memory;
        this.own = own;
    }

    static HostVisibleRegion allocate(long bytes) {
        MemoryRegion own = MemoryRegion.allocate(0, bytes);
        return new HostVisibleRegion(own.segment(), own);
    }

    static HostVisibleRegion of(MemorySegment memory) {
        return new HostVisibleRegion(memory, null);
    }

    List<SharedMemoryRegion> regions() {
        return List.of(new SharedMemoryRegion(ID, memory));
    }

    /** Whether a range is in the region. */
    boolean holds(long offset, long size) {
        return offset >= 0 && offset <= memory.byteSize() && size <= memory.byteSize() - offset;
    }

    /** Whether a range is in the region and free. */
    boolean isFree(long offset, long size) {
        if (!holds(offset, size)) {
            return false;
        }
        Map.Entry<Long, BlobResource> before = mapped.lowerEntry(offset + size);
        return before == null || before.getKey() + before.getValue().size() <= offset;
    }

    void map(BlobResource blob, long offset) {
        MemorySegment place = memory.asSlice(offset, blob.size());
        blob.map(place, offset);
        mapped.put(offset, blob);
    }

    /** Unmaps a blob; its bytes are kept if it goes on. */
    void unmap(BlobResource blob, boolean keep) {
        if (blob.isMapped()) {
            long offset = blob.mappedAt();
            blob.unmap(keep);
            mapped.remove(offset);
        }
    }

    @Override
    public void close() {
        if (own != null) {
            own.close();
        }
    }
}
