// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpu;

import io.virtio4j.core.memory.GuestMemory;
import io.virtio4j.core.memory.MemoryMap;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Bytes of a size: the guest's pages, a context's memory of the host, or that with pages as its shadow. While it
 * is mapped, its memory is its place in the host visible region. [Device Operation: controlq]
 */
final class BlobResource extends Resource {

    /** {@code VIRTIO_GPU_BLOB_MEM_GUEST} */
    static final int GUEST = 1;
    /** {@code VIRTIO_GPU_BLOB_MEM_HOST3D} */
    static final int HOST3D = 2;
    /** {@code VIRTIO_GPU_BLOB_MEM_HOST3D_GUEST} */
    static final int HOST3D_GUEST = 3;

    /** {@code VIRTIO_GPU_BLOB_FLAG_USE_MAPPABLE} */
    static final int USE_MAPPABLE = 1;
    /** {@code VIRTIO_GPU_BLOB_FLAG_USE_SHAREABLE}, {@code ..._CROSS_DEVICE} and the one before. */
    static final int ALL_FLAGS = 7;

    private final int kind;
    private final int flags;
    private final long size;
    private @Nullable HostMemory memory;
    private @Nullable MemorySegment mapped;
    private long mappedAt = -1;

    /** The size was checked. */
    BlobResource(Adapter adapter, int id, int kind, int flags, long size) {
        super(adapter, id);
        this.kind = kind;
        this.flags = flags;
        this.size = size;
        memory = kind == GUEST ? null : new HostMemory(size);
    }

    int kind() {
        return kind;
    }

    int flags() {
        return flags;
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    long hostBytes() {
        return kind == GUEST ? 0 : size;
    }

    @Override
    @Nullable MemorySegment host() {
        HostMemory own = memory;
        return own != null ? own.segment() : mapped;
    }

    @Override
    void free() {
        HostMemory own = memory;
        if (own != null) {
            own.free();
            memory = null;
        }
    }

    // ── Mapping ────────────────────────────────────────────────────────────

    boolean isMapped() {
        return mapped != null;
    }

    /** Where in the host visible region it is mapped; -1 if it is not. */
    long mappedAt() {
        return mappedAt;
    }

    boolean isMappable() {
        return kind == HOST3D && (flags & USE_MAPPABLE) != 0;
    }

    /** Moves into its place in the host visible region. */
    void map(MemorySegment place, long at) {
        HostMemory own = memory;
        if (own != null) {
            place.copyFrom(own.segment());
            own.free();
            memory = null;
        }
        mapped = place;
        mappedAt = at;
    }

    /** Moves out again; nothing of it stays behind. */
    void unmap(boolean keep) {
        MemorySegment place = mapped;
        if (place != null) {
            if (keep) {
                HostMemory own = new HostMemory(size);
                own.segment().copyFrom(place);
                memory = own;
            }
            mapped = null;
            mappedAt = -1;
            place.fill((byte) 0);
        }
    }

    // ── Bytes ──────────────────────────────────────────────────────────────

    @Override
    public boolean read(long offset, MemorySegment target, long at, long count) {
        MemorySegment host = host();
        if (host == null) {
            return copyPages(offset, target, at, count, false);
        }
        MemorySegment.copy(host, offset, target, at, count);
        return true;
    }

    @Override
    boolean write(long offset, MemorySegment source, long at, long count) {
        MemorySegment host = host();
        if (host == null) {
            return copyPages(offset, source, at, count, true);
        }
        MemorySegment.copy(source, at, host, offset, count);
        return true;
    }

    private boolean copyPages(long offset, MemorySegment other, long at, long count, boolean write) {
        Backing pages = backing();
        GuestMemory guest = adapter.memory();
        if (pages == null || guest == null) {
            return false;
        }
        MemoryMap map = guest.pin();
        try {
            return pages.copy(map, offset, other, at, count, write);
        } finally {
            map.unpin();
        }
    }

    @Override
    public String toString() {
        return "blob " + id() + " kind=" + kind + " size=" + size;
    }
}
