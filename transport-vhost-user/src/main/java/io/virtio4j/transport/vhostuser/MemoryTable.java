// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.vhostuser;

import io.virtio4j.core.memory.GuestMemory;
import io.virtio4j.core.memory.MemoryRegion;
import io.virtio4j.core.memory.RegionRemoval;
import io.virtio4j.core.wire.Le32;
import io.virtio4j.core.wire.Le64;
import io.virtio4j.core.wire.StructLayout;
import io.virtio4j.host.linux.FileDescriptor;
import io.virtio4j.host.linux.Mapping;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The front-end's memory: maps its regions, shows them to the device, and knows the front-end's own addresses
 * of them. For the thread of the connection. [Memory access]
 */
final class MemoryTable {

    /** The most regions that one message can bring. */
    static final int MOST_IN_MESSAGE = 32;

    /** The most regions at a time. */
    static final int MOST_REGIONS = 512;

    private static final long MOST_BYTES = 8L << 40;

    private static final StructLayout TABLE = StructLayout.of("memory regions description");
    private static final Le32 COUNT = TABLE.le32("num regions");
    private static final int FIRST;

    static {
        TABLE.le32("padding");
        FIRST = TABLE.size(8);
    }

    private static final StructLayout REGION = StructLayout.of("memory region description");
    private static final Le64 GUEST = REGION.le64("guest address");
    private static final Le64 LENGTH = REGION.le64("size");
    private static final Le64 USER = REGION.le64("user address");
    private static final Le64 OFFSET = REGION.le64("mmap offset");
    private static final int REGION_SIZE = REGION.size(32);

    /** A region that is mapped. */
    private record Entry(long guest, long length, long user, Mapping mapping, MemoryRegion region) {

        boolean is(long otherGuest, long otherLength, long otherUser) {
            return guest == otherGuest && length == otherLength && user == otherUser;
        }

        @Override
        public String toString() {
            return range(guest, length, user);
        }
    }

    private final GuestMemory memory;
    private final boolean trusted;
    private List<Entry> entries = List.of();

    /**
     * Creates an empty table.
     *
     * @param memory without regions; takes them
     * @param trusted whether files may be mapped that their owner can truncate
     */
    MemoryTable(GuestMemory memory, boolean trusted) {
        this.memory = memory;
        this.trusted = trusted;
    }

    GuestMemory memory() {
        return memory;
    }

    // ── Messages ───────────────────────────────────────────────────────────

    /**
     * What was taken from the device: to be unmapped when it has let go of it.
     *
     * @param removal says when that is
     * @param mappings of the regions
     */
    record Leaving(RegionRemoval removal, List<Mapping> mappings) {

        /** Waits for the device for a while; what it still works in then is unmapped when it has ended. */
        void unmap(Duration grace) {
            if (removal.await(System.nanoTime() + grace.toNanos())) {
                mappings.removeIf(Mapping::tryClose);
            }
            removal.whenQuiescent(() -> mappings.forEach(Mapping::closeAsync));
        }
    }

    /** All regions are others from now on. If one of them cannot be, everything stays. */
    Leaving set(Message message) throws Refusal {
        if (message.payloadLength() < FIRST) {
            throw new Refusal("memory table: payload=" + message.payloadLength() + " least=" + FIRST);
        }
        long count = message.get(COUNT);
        if (count > MOST_IN_MESSAGE || count != message.descriptorCount()) {
            throw new Refusal("memory table: regions=" + count + " descriptors=" + message.descriptorCount()
                    + " most=" + MOST_IN_MESSAGE);
        }
        message.requirePayload(FIRST + (int) count * REGION_SIZE);
        List<Entry> wanted = new ArrayList<>();
        try {
            for (int i = 0; i < count; i++) {
                wanted.add(map(message, Message.HEADER + FIRST + i * REGION_SIZE,
                        message.takeDescriptor(i), wanted));
            }
            RegionRemoval removal = memory.replace(wanted.stream().map(Entry::region).toList());
            List<Entry> before = entries;
            entries = wanted;
            return leaving(removal, before);
        } catch (Refusal | IllegalArgumentException e) {
            wanted.forEach(entry -> entry.mapping.close());
            throw e instanceof Refusal refusal ? refusal : Refusal.of(e);
        }
    }

    void add(Message message) throws Refusal {
        if (entries.size() >= MOST_REGIONS) {
            throw new Refusal("memory regions: most=" + MOST_REGIONS);
        }
        Entry entry = map(message, Message.HEADER + Long.BYTES, message.takeDescriptor(), entries);
        try {
            memory.add(entry.region);
        } catch (IllegalArgumentException e) {
            entry.mapping.close();
            throw Refusal.of(e);
        }
        List<Entry> more = new ArrayList<>(entries);
        more.add(entry);
        entries = more;
    }

    /** > If a file descriptor is passed, the back-end MUST close it without using it otherwise. */
    Leaving remove(Message message) throws Refusal {
        int at = Message.HEADER + Long.BYTES;
        long guest = GUEST.get(message.bytes(), at);
        long length = LENGTH.get(message.bytes(), at);
        long user = USER.get(message.bytes(), at);
        for (Entry entry : entries) {
            if (entry.is(guest, length, user)) {
                List<Entry> fewer = new ArrayList<>(entries);
                fewer.remove(entry);
                entries = fewer;
                return leaving(memory.remove(entry.region), List.of(entry));
            }
        }
        throw new Refusal("no such memory region: " + range(guest, length, user));
    }

    private Entry map(Message message, int at, FileDescriptor descriptor, List<Entry> others) throws Refusal {
        long guest = GUEST.get(message.bytes(), at);
        long length = LENGTH.get(message.bytes(), at);
        long user = USER.get(message.bytes(), at);
        long offset = OFFSET.get(message.bytes(), at);
        try (descriptor) {
            if (length <= 0 || length > MOST_BYTES || offset < 0 || offset > Long.MAX_VALUE - length
                    || wraps(guest, length) || wraps(user, length)) {
                throw new Refusal("memory region: " + range(guest, length, user) + " offset=0x"
                        + Long.toHexString(offset));
            }
            for (Entry other : others) {
                if (overlap(guest, length, other.guest, other.length)
                        || overlap(user, length, other.user, other.length)) {
                    throw new Refusal("memory regions overlap: " + range(guest, length, user) + " other "
                            + other);
                }
            }
            Mapping mapping =
                    Mapping.ofPeer(descriptor, offset, length, Mapping.Access.READ_WRITE, trusted);
            return new Entry(guest, length, user, mapping, MemoryRegion.of(guest, mapping.segment()));
        } catch (IOException e) {
            throw Refusal.of(e);
        }
    }

    private static boolean wraps(long address, long length) {
        return Long.compareUnsigned(address, -length) > 0;
    }

    private static boolean overlap(long first, long firstLength, long second, long secondLength) {
        return Long.compareUnsigned(first, second + (secondLength - 1)) <= 0
                && Long.compareUnsigned(second, first + (firstLength - 1)) <= 0;
    }

    // ── Addresses ──────────────────────────────────────────────────────────

    /** > User addresses map to the vhost memory region containing that user address. */
    long toGuest(long user) throws Refusal {
        Entry entry = find(user);
        if (entry == null) {
            throw new Refusal("address is in no memory region: user=0x" + Long.toHexString(user) + " regions="
                    + entries.size());
        }
        return entry.guest + (user - entry.user);
    }

    /** Whether a user address is in some region. */
    boolean has(long user) {
        return find(user) != null;
    }

    private @Nullable Entry find(long user) {
        for (Entry entry : entries) {
            if (Long.compareUnsigned(user - entry.user, entry.length) < 0) {
                return entry;
            }
        }
        return null;
    }

    /** How many pages there are from guest address 0 to the end of the last region. */
    long pages(int pageShift) {
        long pages = 0;
        for (Entry entry : entries) {
            pages = Math.max(pages, (entry.guest + (entry.length - 1) >>> pageShift) + 1);
        }
        return pages;
    }

    // ── Leaving ────────────────────────────────────────────────────────────

    /** The front-end is gone: takes everything from the device. */
    Leaving clear() {
        List<Entry> gone = entries;
        entries = List.of();
        return leaving(memory.replace(List.of()), gone);
    }

    private static Leaving leaving(RegionRemoval removal, List<Entry> gone) {
        List<Mapping> mappings = new ArrayList<>();
        gone.forEach(entry -> mappings.add(entry.mapping));
        return new Leaving(removal, mappings);
    }

    private static String range(long guest, long length, long user) {
        return "guest=0x" + Long.toHexString(guest) + " size=0x" + Long.toHexString(length)
                + " user=0x" + Long.toHexString(user);
    }
}
