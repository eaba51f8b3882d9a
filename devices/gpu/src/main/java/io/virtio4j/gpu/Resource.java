// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpu;

import io.virtio4j.core.memory.MemoryMap;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A resource of the driver's: an image or a blob. The host's memory, the guest's pages behind it, or both.
 * Guarded by the adapter's lock.
 */
abstract sealed class Resource implements Pixels, GpuResource permits ImageResource, BlobResource {

    final Adapter adapter;
    private final int id;

    private @Nullable Backing backing;
    private @Nullable UUID uuid;
    private boolean gone;

    Resource(Adapter adapter, int id) {
        this.adapter = adapter;
        this.id = id;
    }

    @Override
    public int id() {
        return id;
    }

    @Nullable Backing backing() {
        return backing;
    }

    void backing(@Nullable Backing newBacking) {
        backing = newBacking;
    }

    @Nullable UUID uuid() {
        return uuid;
    }

    void uuid(@Nullable UUID newUuid) {
        uuid = newUuid;
    }

    /** Bytes of the host's memory that it takes. */
    abstract long hostBytes();

    /** Gives the host's memory back. */
    abstract void free();

    /** From now on nobody reads or writes it who still knows it. */
    void destroy() {
        gone = true;
        free();
    }

    // ── Transfers ──────────────────────────────────────────────────────────

    /** The bytes of the host's memory, or {@code null} if it has none. */
    abstract @Nullable MemorySegment host();

    /** Copies from the guest's pages to the host's memory, where it has both; both ranges lie inside. */
    boolean pull(MemoryMap map, long offset, long at, long count) {
        Backing pages = backing;
        MemorySegment host = host();
        return pages != null && host != null && pages.copy(map, offset, host, at, count, false);
    }

    /** Copies from the host's memory to the guest's pages. */
    boolean push(MemoryMap map, long offset, long at, long count) {
        Backing pages = backing;
        MemorySegment host = host();
        return pages != null && host != null && pages.copy(map, offset, host, at, count, true);
    }

    // ── Exported to other devices ──────────────────────────────────────────

    @Override
    public boolean read(long offset, MemorySegment target) {
        synchronized (adapter) {
            return isInside(offset, target.byteSize()) && read(offset, target, 0, target.byteSize());
        }
    }

    @Override
    public boolean write(long offset, MemorySegment source) {
        synchronized (adapter) {
            return isInside(offset, source.byteSize()) && write(offset, source, 0, source.byteSize());
        }
    }

    private boolean isInside(long offset, long count) {
        return !gone && offset >= 0 && count <= size() - offset;
    }

    /** Copies bytes in; the range lies inside. */
    abstract boolean write(long offset, MemorySegment source, long at, long count);

    /** Memory of the host's, zeroed. */
    static final class HostMemory {

        private final Arena arena = Arena.ofShared();
        private final MemorySegment segment;

        HostMemory(long bytes) {
            try {
                segment = arena.allocate(bytes, 64);
            } catch (RuntimeException | Error e) {
                arena.close();
                throw e;
            }
        }

        MemorySegment segment() {
            return segment;
        }

        void free() {
            arena.close();
        }
    }
}
