// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.vfiouser;

import io.virtio4j.core.wire.Le16;
import io.virtio4j.core.wire.Le32;
import io.virtio4j.core.wire.Le64;
import io.virtio4j.core.wire.StructLayout;
import io.virtio4j.host.linux.FileDescriptor;
import io.virtio4j.host.linux.Linux;
import io.virtio4j.host.linux.MemoryFile;
import io.virtio4j.transport.pci.BarMemory;
import io.virtio4j.transport.pci.PciBar;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What of a region the client may map, and from which file. [{@code VFIO_USER_DEVICE_GET_REGION_INFO}],
 * [{@code VFIO_REGION_INFO_CAP_SPARSE_MMAP}]
 *
 * @param file which the client is sent
 * @param offset where the region would begin in it
 * @param areas of the region, in whole pages; one of all of it needs no capability
 * @param whole whether all of the region may be mapped
 */
record MappedRegion(MemoryFile file, long offset, List<Area> areas, boolean whole) {

    private static final StructLayout SPARSE = StructLayout.of("vfio_region_info_cap_sparse_mmap");
    private static final Le16 SPARSE_ID = SPARSE.le16("id");
    private static final Le16 SPARSE_VERSION = SPARSE.le16("version");
    private static final Le32 SPARSE_NEXT = SPARSE.le32("next");
    private static final Le32 SPARSE_AREAS = SPARSE.le32("nr_areas");
    private static final Le32 SPARSE_RESERVED = SPARSE.le32("reserved");
    private static final int SPARSE_SIZE = SPARSE.size(16);

    private static final StructLayout AREA = StructLayout.of("vfio_region_sparse_mmap_area");
    private static final Le64 AREA_OFFSET = AREA.le64("offset");
    private static final Le64 AREA_LENGTH = AREA.le64("size");
    private static final int AREA_SIZE = AREA.size(16);

    private static final int CAP_SPARSE_MMAP = 1;
    private static final int CAP_VERSION = 1;

    /** A range of a region that may be mapped; both of whole pages. */
    record Area(long offset, long length) {}

    /** Finds, for each BAR with memory that lies in one of the files, what a client may map. */
    static Map<Integer, MappedRegion> find(List<PciBar> bars, List<BarMemory> memory, List<MemoryFile> files) {
        Map<Integer, MappedRegion> found = new HashMap<>();
        Set<MemoryFile> used = new HashSet<>();
        for (PciBar bar : bars) {
            List<BarMemory> here = memory.stream().filter(each -> each.bar() == bar.index()).toList();
            for (MemoryFile file : files) {
                List<BarMemory> inFile = here.stream().filter(each -> file.positionOf(each.segment()) >= 0).toList();
                if (!inFile.isEmpty()) {
                    if (found.put(bar.index(), of(bar, inFile, file)) != null) {
                        throw new IllegalArgumentException("memory of one BAR can be mapped from one file only, give it"
                                + " parts of the same one: bar=" + bar.index());
                    }
                    used.add(file);
                }
            }
        }
        for (MemoryFile file : files) {
            if (!used.contains(file)) {
                throw new IllegalArgumentException("nothing of the function's memory lies in what was given to be"
                        + " mapped, make the device's shared memory of file.segment(): file=" + file
                        + " memory=" + memory);
            }
        }
        return found;
    }

    private static MappedRegion of(PciBar bar, List<BarMemory> memory, MemoryFile file) {
        long page = Linux.pageSize();
        long begin = beginOf(memory.getFirst(), file);
        List<Area> areas = new ArrayList<>();
        for (BarMemory each : memory) {
            // The client maps them all from one position of the file.
            if (beginOf(each, file) != begin || begin < 0 || (begin | each.offset()) % page != 0) {
                throw new IllegalArgumentException("memory cannot be mapped, it has to be at pages of its file that"
                        + " are as far from each other as in the BAR: bar=" + bar.index() + " offset=" + each.offset()
                        + " position=" + file.positionOf(each.segment()) + " page=" + page);
            }
            long pages = each.segment().byteSize() + page - 1 & -page;
            areas.add(new Area(each.offset(), Math.min(pages, bar.size() - each.offset())));
        }
        boolean whole = areas.getFirst().equals(new Area(0, bar.size()));
        return new MappedRegion(file, begin, List.copyOf(areas), whole);
    }

    private static long beginOf(BarMemory memory, MemoryFile file) {
        return file.positionOf(memory.segment()) - memory.offset();
    }

    FileDescriptor descriptor() {
        return file.descriptor();
    }

    /** How many bytes say which parts may be mapped. */
    int capabilitySize() {
        return whole ? 0 : SPARSE_SIZE + areas.size() * AREA_SIZE;
    }

    /** Writes that. */
    void writeCapability(MemorySegment bytes, long at) {
        SPARSE_ID.set(bytes, at, CAP_SPARSE_MMAP);
        SPARSE_VERSION.set(bytes, at, CAP_VERSION);
        SPARSE_NEXT.set(bytes, at, 0);
        SPARSE_AREAS.set(bytes, at, areas.size());
        SPARSE_RESERVED.set(bytes, at, 0);
        for (int i = 0; i < areas.size(); i++) {
            long to = at + SPARSE_SIZE + (long) i * AREA_SIZE;
            AREA_OFFSET.set(bytes, to, areas.get(i).offset());
            AREA_LENGTH.set(bytes, to, areas.get(i).length());
        }
    }
}
