// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.memory;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The memory that a device can reach: regions with holes between them, added and removed at any time
 * by any thread, while queues run.
 *
 * <p>Devices with the same view of memory may share one. A device behind its own IOMMU, or served to a
 * peer that maps memory for it, has its own.
 */
public final class GuestMemory implements AutoCloseable {

    private final Object lock = new Object();
    private final List<MemoryMap> retired = new ArrayList<>(); // replaced, but still in use
    private final List<Runnable> onReplaced = new ArrayList<>();

    /** What no device may reach, whatever region holds it; guarded by the lock. */
    private AddressRanges withheld = AddressRanges.NONE;

    private volatile MemoryMap current =
            new MemoryMap(this, new MemoryRegion[0], new MemoryRegion[0], null, null);

    /** Creates memory without regions. */
    public GuestMemory() {}

    /** Creates memory of these regions. */
    public static GuestMemory of(MemoryRegion... regions) {
        GuestMemory memory = new GuestMemory();
        memory.replace(List.of(regions));
        return memory;
    }

    /** Creates memory with one region from address 0, owned by it. */
    public static GuestMemory allocate(long length) {
        return of(MemoryRegion.allocate(0, length));
    }

    /**
     * Adds a region.
     *
     * @throws IllegalArgumentException if it overlaps another
     */
    public void add(MemoryRegion region) {
        change(map -> {
            List<MemoryRegion> regions = new ArrayList<>(map.added());
            regions.add(region);
            return publish(regions, map.translator(), map.dirtyLog());
        });
    }

    /**
     * Removes a region. From now on, an access to it is the driver's fault.
     *
     * @return tells when nothing uses the region any more
     * @throws IllegalArgumentException if it is not there
     */
    public RegionRemoval remove(MemoryRegion region) {
        return change(map -> {
            List<MemoryRegion> regions = new ArrayList<>(map.added());
            if (!regions.remove(region)) {
                throw new IllegalArgumentException("no such region: " + region);
            }
            return publish(regions, map.translator(), map.dirtyLog());
        });
    }

    /** Replaces all regions in one step; regions may stay. */
    public RegionRemoval replace(List<MemoryRegion> regions) {
        return change(map -> publish(regions, map.translator(), map.dirtyLog()));
    }

    /**
     * Takes a range of guest-physical addresses away from the device, of whatever region holds it, now or later:
     * memory that exists and must not be touched. From now on, an access to it is the driver's fault.
     *
     * @param length bytes, more than 0; what is withheld already stays so
     * @return tells when nothing uses the range any more
     */
    public RegionRemoval withhold(long address, long length) {
        return change(map -> {
            withheld = withheld.with(address, length);
            return publish(map.added(), map.translator(), map.dirtyLog());
        });
    }

    /**
     * Gives a range back that was {@linkplain #withhold withheld}, or a part of it.
     *
     * @return tells when no queue works with memory as it was before
     */
    public RegionRemoval grant(long address, long length) {
        return change(map -> {
            withheld = withheld.without(address, length);
            return publish(map.added(), map.translator(), map.dirtyLog());
        });
    }

    /**
     * Sets what translates bus addresses.
     *
     * @param translator {@code null}: addresses are guest-physical
     */
    public RegionRemoval translator(@Nullable AddressTranslator translator) {
        return change(map -> publish(map.added(), translator, map.dirtyLog()));
    }

    /**
     * Makes every queue translate its ring addresses anew.
     *
     * @return tells when no old translation is in use any more
     */
    public RegionRemoval invalidateTranslations() {
        return change(map -> publish(map.added(), map.translator(), map.dirtyLog()));
    }

    /** Makes a change and tells who waited for one, without the lock. */
    private RegionRemoval change(Function<MemoryMap, RegionRemoval> step) {
        RegionRemoval removal;
        List<Runnable> told;
        synchronized (lock) {
            removal = step.apply(current);
            told = List.copyOf(onReplaced);
            onReplaced.clear();
        }
        told.forEach(Runnable::run);
        return removal;
    }

    /**
     * Runs an action once, when memory is another than a map of before: now if it is already, else on the
     * thread that changes it.
     */
    public void whenReplaced(MemoryMap before, Runnable action) {
        synchronized (lock) {
            if (current == before) {
                onReplaced.add(action);
                return;
            }
        }
        action.run();
    }

    private RegionRemoval publish(
            List<MemoryRegion> regions, @Nullable AddressTranslator translator,
            @Nullable DirtyLog dirtyLog) {
        MemoryRegion[] sorted = regions.toArray(new MemoryRegion[0]);
        Arrays.sort(sorted, Comparator.comparing(
                MemoryRegion::guestAddress, Long::compareUnsigned));
        for (int i = 1; i < sorted.length; i++) {
            if (sorted[i - 1].overlaps(sorted[i])) {
                throw new IllegalArgumentException("regions overlap: first=" + sorted[i - 1]
                        + " second=" + sorted[i]);
            }
        }
        MemoryMap old = current;
        current = new MemoryMap(this, sorted, withheld.cut(sorted), translator, dirtyLog);
        old.retire();
        retired.add(old);
        retired.removeIf(map -> !map.isPinned() && map.waiting.isEmpty());
        RegionRemoval removal = new RegionRemoval(retired.size());
        retired.forEach(map -> map.waiting.add(removal));
        removal.settle();
        return removal;
    }

    /** A retired map is out of use: nothing can pin it again for an access. */
    void drained(MemoryMap map) {
        List<RegionRemoval> released;
        synchronized (lock) {
            if (map.isPinned() || !retired.remove(map)) {
                return;
            }
            released = List.copyOf(map.waiting);
            map.waiting.clear();
        }
        released.forEach(RegionRemoval::released);
    }

    /**
     * Pins the current map: its regions stay usable until {@link MemoryMap#unpin()}. Never blocks.
     */
    public MemoryMap pin() {
        while (true) {
            MemoryMap map = current;
            map.repin();
            if (map == current) {
                return map;
            }
            map.unpin();
        }
    }

    /** The map of this moment, to be looked at; pin it before any access to memory. */
    public MemoryMap current() {
        return current;
    }

    /**
     * Starts or ends the logging of what the device writes.
     *
     * @return tells when every write that is still to come is logged; what chains in work then have
     *     written is logged when they complete
     */
    public RegionRemoval dirtyLog(@Nullable DirtyLog log) {
        return change(map -> publish(map.added(), map.translator(), log));
    }

    /**
     * Copies guest-physical memory out, for the embedder and for tests: pins and looks up on each
     * call.
     *
     * @throws IndexOutOfBoundsException if a part of the range is not memory
     */
    public void read(long physicalAddress, MemorySegment target) {
        copy(physicalAddress, target, false);
    }

    /**
     * Copies into guest-physical memory, for the embedder and for tests; a {@link DirtyLog} learns of it.
     *
     * @throws IndexOutOfBoundsException if a part of the range is not memory that can be written
     */
    public void write(long physicalAddress, MemorySegment source) {
        copy(physicalAddress, source, true);
    }

    private void copy(long address, MemorySegment other, boolean write) {
        MemoryMap map = pin();
        try {
            for (long done = 0; done < other.byteSize(); ) {
                MemoryRegion region = map.find(address + done);
                if (region == null || write && region.isReadOnly()) {
                    throw new IndexOutOfBoundsException((region == null ? "no" : "read-only")
                            + " guest memory: address=0x" + Long.toHexString(address + done));
                }
                long offset = address + done - region.guestAddress();
                long count = Math.min(other.byteSize() - done, region.length() - offset);
                if (write) {
                    MemorySegment.copy(other, done, region.segment(), offset, count);
                    DirtyLog log = map.dirtyLog();
                    if (log != null) {
                        log.mark(address + done, count);
                    }
                } else {
                    MemorySegment.copy(region.segment(), offset, other, done, count);
                }
                done += count;
            }
        } finally {
            map.unpin();
        }
    }

    /**
     * Removes all regions and frees those that own their memory: at once what nothing uses, the rest later,
     * by a thread of its own.
     */
    @Override
    public void close() {
        List<MemoryRegion> regions;
        RegionRemoval removal;
        synchronized (lock) {
            regions = current.added();
            removal = replace(List.of());
        }
        if (removal.isQuiescent()) {
            regions.forEach(MemoryRegion::closeNowOrLater);
        } else {
            removal.whenQuiescent(() -> regions.forEach(MemoryRegion::closeLater));
        }
    }
}
