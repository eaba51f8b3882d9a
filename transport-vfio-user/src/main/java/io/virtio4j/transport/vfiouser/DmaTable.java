// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.vfiouser;

import io.virtio4j.core.memory.GuestMemory;
import io.virtio4j.core.memory.MemoryRegion;
import io.virtio4j.core.memory.RegionRemoval;
import io.virtio4j.core.wire.Le32;
import io.virtio4j.core.wire.Le64;
import io.virtio4j.core.wire.StructLayout;
import io.virtio4j.host.linux.Errno;
import io.virtio4j.host.linux.FileDescriptor;
import io.virtio4j.host.linux.Mapping;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The client's memory: maps what comes with a descriptor, and shows it to the device. A region without
 * descriptor is known, but no memory of the device's. For the thread of the connection.
 * [{@code VFIO_USER_DMA_MAP}], [{@code VFIO_USER_DMA_UNMAP}]
 */
final class DmaTable {

    /** The most regions at a time. */
    static final int MOST_REGIONS = 4096;

    private static final long MOST_BYTES = 8L << 40;
    private static final long PAGE = 4096;

    private static final StructLayout MAP = StructLayout.of("vfio-user DMA map");
    private static final Le32 MAP_ARGSZ = MAP.le32("argsz");
    private static final Le32 MAP_FLAGS = MAP.le32("flags");
    private static final Le64 MAP_OFFSET = MAP.le64("offset");
    private static final Le64 MAP_ADDRESS = MAP.le64("address");
    private static final Le64 MAP_LENGTH = MAP.le64("size");
    private static final int MAP_SIZE = MAP.size(32);

    private static final int READABLE = 1;
    private static final int WRITABLE = 1 << 1;

    private static final StructLayout UNMAP = StructLayout.of("vfio-user DMA unmap");
    private static final Le32 UNMAP_ARGSZ = UNMAP.le32("argsz");
    private static final Le32 UNMAP_FLAGS = UNMAP.le32("flags");
    private static final Le64 UNMAP_ADDRESS = UNMAP.le64("address");
    private static final Le64 UNMAP_LENGTH = UNMAP.le64("size");
    private static final int UNMAP_SIZE = UNMAP.size(24);

    /** As in Linux's VFIO, and sent by QEMU: everything. Address and size are 0. */
    private static final int UNMAP_ALL = 1 << 1;

    /** A region that the client mapped. */
    private static final class Entry {

        final long address;
        final long length;
        final @Nullable Mapping mapping;
        final @Nullable MemoryRegion region;

        /** Since the client began to unmap it. */
        @Nullable RegionRemoval removal;

        Entry(long address, long length, @Nullable Mapping mapping, @Nullable MemoryRegion region) {
            this.address = address;
            this.length = length;
            this.mapping = mapping;
            this.region = region;
        }
    }

    private final GuestMemory memory;
    private final boolean trusted;
    private final Duration grace;
    private final TreeMap<Long, Entry> entries = new TreeMap<>(Long::compareUnsigned);

    /**
     * Creates an empty table.
     *
     * @param memory without regions; takes them
     * @param trusted whether files may be mapped that their owner can truncate
     * @param grace how long an unmap waits for the device
     */
    DmaTable(GuestMemory memory, boolean trusted, Duration grace) {
        this.memory = memory;
        this.trusted = trusted;
        this.grace = grace;
    }

    // ── Map ────────────────────────────────────────────────────────────────

    int map(Message message) throws Refusal {
        message.requirePayload(MAP_SIZE);
        long flags = message.get(MAP_FLAGS);
        long offset = MAP_OFFSET.get(message.bytes(), Message.HEADER);
        long address = MAP_ADDRESS.get(message.bytes(), Message.HEADER);
        long length = MAP_LENGTH.get(message.bytes(), Message.HEADER);
        if (message.get(MAP_ARGSZ) != MAP_SIZE) {
            throw Refusal.invalid("map: argsz=" + message.get(MAP_ARGSZ) + " expected=" + MAP_SIZE);
        }
        if (flags == 0 || (flags & ~(READABLE | WRITABLE)) != 0) {
            throw Refusal.invalid("map: flags=0x" + Long.toHexString(flags));
        }
        if (length <= 0 || offset < 0 || offset > Long.MAX_VALUE - length
                || Long.compareUnsigned(address, -length) > 0
                || ((address | length | offset) & PAGE - 1) != 0) {
            throw Refusal.invalid("map: " + range(address, length) + " offset=0x"
                    + Long.toHexString(offset));
        }
        if (length > MOST_BYTES || entries.size() >= MOST_REGIONS) {
            throw new Refusal(Errno.ENOSPC, "map: " + range(address, length) + " most=" + MOST_BYTES
                    + " regions=" + entries.size());
        }
        requireFree(address, length);
        if (message.descriptors().size() > 1) {
            throw Refusal.invalid("map: descriptors=" + message.descriptors().size());
        }
        boolean readOnly = (flags & WRITABLE) == 0;
        entries.put(address, message.descriptors().size() == 0
                ? new Entry(address, length, null, null)
                : mapped(address, length, mapping(message.descriptors().take(0), offset, length, readOnly)));
        return 0;
    }

    /** > A command to map over an existing region must be failed by the server with EEXIST. */
    private void requireFree(long address, long length) throws Refusal {
        Map.Entry<Long, Entry> before = entries.floorEntry(address + (length - 1));
        if (before != null) {
            Entry there = before.getValue();
            if (Long.compareUnsigned(there.address + (there.length - 1), address) >= 0) {
                throw new Refusal(Errno.EEXIST, "map over a region: " + range(address, length)
                        + " existing " + range(there.address, there.length));
            }
        }
    }

    private Mapping mapping(FileDescriptor descriptor, long offset, long length, boolean readOnly)
            throws Refusal {
        try (FileDescriptor received = descriptor) {
            return Mapping.ofPeer(received, offset, length,
                    readOnly ? Mapping.Access.READ_ONLY : Mapping.Access.READ_WRITE, trusted);
        } catch (IOException e) {
            throw Refusal.of(e);
        }
    }

    private Entry mapped(long address, long length, Mapping mapping) throws Refusal {
        MemorySegment segment = mapping.segment();
        MemoryRegion region = segment.isReadOnly()
                ? MemoryRegion.readOnly(address, segment)
                : MemoryRegion.of(address, segment);
        try {
            memory.add(region);
        } catch (IllegalArgumentException e) {
            mapping.close();
            throw new Refusal(Errno.EEXIST, "map over memory that is not the client's: " + e.getMessage());
        }
        return new Entry(address, length, mapping, region);
    }

    // ── Unmap ──────────────────────────────────────────────────────────────

    /** > The server must release all references to that DMA region before replying. */
    int unmap(Message message) throws Refusal {
        message.requireNoDescriptors();
        message.requirePayloadAndRoom(UNMAP_SIZE, UNMAP_ARGSZ);
        long flags = message.get(UNMAP_FLAGS);
        long address = UNMAP_ADDRESS.get(message.bytes(), Message.HEADER);
        long length = UNMAP_LENGTH.get(message.bytes(), Message.HEADER);
        if (flags == UNMAP_ALL && address == 0 && length == 0) {
            release(List.copyOf(entries.values()));
        } else {
            Entry entry = entries.get(address);
            if (flags != 0 || entry == null || entry.length != length) {
                throw Refusal.invalid("unmap: flags=0x" + Long.toHexString(flags) + " "
                        + range(address, length) + (entry == null ? " not mapped"
                                : " mapped " + range(entry.address, entry.length)));
            }
            release(List.of(entry));
        }
        message.set(UNMAP_ARGSZ, UNMAP_SIZE);
        return UNMAP_SIZE;
    }

    /**
     * Takes regions from the device and unmaps them. One that the device does not let go of in time stays in
     * the table, and the client may try again.
     */
    private void release(List<Entry> leaving) throws Refusal {
        long deadline = System.nanoTime() + grace.toNanos();
        for (Entry entry : leaving) {
            if (entry.region != null && entry.removal == null) {
                entry.removal = memory.remove(entry.region);
            }
        }
        for (Entry entry : leaving) {
            if (!isReleased(entry, deadline)) {
                throw new Refusal(Errno.EBUSY, "unmap: device still works on " + range(
                        entry.address, entry.length) + " milliseconds=" + grace.toMillis());
            }
            entries.remove(entry.address);
        }
    }

    private static boolean isReleased(Entry entry, long deadline) {
        RegionRemoval removal = entry.removal;
        Mapping mapping = entry.mapping;
        return removal == null || mapping == null
                || removal.await(deadline) && mapping.tryClose(deadline);
    }

    /** The client is gone: takes everything from the device, and unmaps it when nothing uses it any more. */
    void clear() {
        List<Mapping> mappings = new ArrayList<>();
        for (Entry entry : entries.values()) {
            if (entry.mapping != null) {
                mappings.add(entry.mapping);
            }
        }
        entries.clear();
        RegionRemoval removal = memory.replace(List.of());
        long deadline = System.nanoTime() + grace.toNanos();
        if (removal.await(deadline)) {
            mappings.removeIf(Mapping::tryClose);
        }
        removal.whenQuiescent(() -> mappings.forEach(Mapping::closeAsync));
    }

    private static String range(long address, long length) {
        return "address=0x" + Long.toHexString(address) + " size=0x" + Long.toHexString(length);
    }
}
