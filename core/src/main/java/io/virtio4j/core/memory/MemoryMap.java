// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.memory;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Guest memory at one moment: immutable. Pinned with {@link GuestMemory#pin()} before any access and
 * released with {@link #unpin()} after the last.
 */
public final class MemoryMap {

    private static final VarHandle PINS;

    static {
        try {
            PINS = MethodHandles.lookup().findVarHandle(MemoryMap.class, "pins", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final GuestMemory memory;
    private final MemoryRegion[] added; // ascending, without overlaps
    private final MemoryRegion[] regions; // what of them is not withheld
    private final @Nullable AddressTranslator translator;
    private final @Nullable DirtyLog dirtyLog;

    @SuppressWarnings("unused") // through PINS
    private volatile int pins;

    private volatile boolean retired;

    /** Removals that wait for this map; guarded by the memory's lock. */
    final List<RegionRemoval> waiting = new ArrayList<>(0);

    MemoryMap(
            GuestMemory memory, MemoryRegion[] added, MemoryRegion[] regions,
            @Nullable AddressTranslator translator, @Nullable DirtyLog dirtyLog) {
        this.memory = memory;
        this.added = added;
        this.regions = regions;
        this.translator = translator;
        this.dirtyLog = dirtyLog;
    }

    /** The regions, ascending by address; of those that were added, the parts that are not withheld. */
    public List<MemoryRegion> regions() {
        return List.of(regions);
    }

    /** The regions as they were added, ascending by address, for the embedder: with what no device may reach. */
    public List<MemoryRegion> added() {
        return List.of(added);
    }

    /** What translates bus addresses, or {@code null} if they are guest-physical. */
    public @Nullable AddressTranslator translator() {
        return translator;
    }

    /** What is told of the device's writes, or {@code null}. */
    public @Nullable DirtyLog dirtyLog() {
        return dirtyLog;
    }

    /**
     * Finds the region that holds a guest-physical address.
     *
     * @return its place in {@link #regions()}, or a negative number if none does
     */
    public int indexOf(long physicalAddress) {
        int low = 0;
        int high = regions.length - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            MemoryRegion region = regions[middle];
            if (Long.compareUnsigned(physicalAddress, region.guestAddress()) < 0) {
                high = middle - 1;
            } else if (region.contains(physicalAddress, 1)) {
                return middle;
            } else {
                low = middle + 1;
            }
        }
        return -1;
    }

    /** The region at a place in {@link #regions()}. */
    public MemoryRegion region(int index) {
        return regions[index];
    }

    /**
     * Finds the region that holds a guest-physical address.
     *
     * @return {@code null} if none does
     */
    public @Nullable MemoryRegion find(long physicalAddress) {
        int index = indexOf(physicalAddress);
        return index < 0 ? null : regions[index];
    }

    /**
     * Resolves an area that has to be contiguous on the host: a ring.
     *
     * @param address the area's address as the driver gave it
     * @param length bytes; positive
     * @param write whether the device writes to it
     * @return the area from offset 0, or {@code null} if it is not all in one region with that access
     */
    public @Nullable Area resolve(long address, long length, boolean write) {
        long physical = address;
        if (translator != null) {
            AddressTranslator.Translation result = new AddressTranslator.Translation();
            for (long done = 0; done < length; done += result.length()) {
                long wanted = length - done;
                if (!translator.translate(address + done, wanted, write, result)
                        || result.length() <= 0) {
                    return null;
                }
                if (done == 0) {
                    physical = result.physicalAddress();
                } else if (physical + done != result.physicalAddress()) {
                    return null;
                }
            }
        }
        MemoryRegion region = find(physical);
        if (region == null || !region.contains(physical, length) || (write && region.isReadOnly())) {
            return null;
        }
        return new Area(physical, region.segment().asSlice(physical - region.guestAddress(), length));
    }

    /**
     * An area that is contiguous on the host.
     *
     * @param physicalAddress its guest-physical address
     * @param segment its bytes
     */
    public record Area(long physicalAddress, MemorySegment segment) {}

    /** Keeps the map's regions usable for longer: one more {@link #unpin()} is due. */
    public void repin() {
        PINS.getAndAdd(this, 1);
    }

    /** Ends a use. */
    public void unpin() {
        if ((int) PINS.getAndAdd(this, -1) == 1 && retired) {
            memory.drained(this);
        }
    }

    boolean isPinned() {
        return pins != 0;
    }

    /** No new use can begin now; tells the memory if none is going on either. */
    void retire() {
        retired = true;
    }
}
