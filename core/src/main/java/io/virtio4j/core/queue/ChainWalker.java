// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.queue;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.virtio4j.core.fault.ChainFault;
import io.virtio4j.core.memory.AddressTranslator;
import io.virtio4j.core.memory.AddressTranslator.Translation;
import io.virtio4j.core.memory.MemoryMap;
import io.virtio4j.core.memory.MemoryRegion;
import org.jspecify.annotations.Nullable;

/**
 * Turns descriptors into the pieces of a chain: bounds, direction, translation. Each descriptor comes
 * here once, already copied out of guest memory. Owned by one ring.
 */
final class ChainWalker {

    /** A drain reads at most so many descriptors for each entry of the queue: loops are cheap to make. */
    private static final int WORK_PER_ENTRY = 8;

    private static final int LEAST_WORK = 4096;

    private final String queueName;
    private final int queueSize;
    private final boolean indirect;
    private final Translation translation = new Translation();

    private MemoryMap map;
    private @Nullable AddressTranslator translator;
    private @Nullable MemoryRegion lastHit;
    private int lastHitIndex;

    /** The most work of a drain, but for the chain that reaches it; and the most pieces of one chain. */
    final int workLimit;

    /** How many descriptors and further pieces the chains before this one had, since this was last set to 0. */
    int work;

    // The entry of an indirect table that was read last.
    private long entryAddress;
    private long entryRest;

    private int descriptors; // in this chain

    ChainWalker(String queueName, int queueSize, boolean indirect, MemoryMap map) {
        this.queueName = queueName;
        this.queueSize = queueSize;
        this.workLimit = Math.max(LEAST_WORK, WORK_PER_ENTRY * queueSize);
        this.indirect = indirect;
        this.map = map;
        remap(map);
    }

    void remap(MemoryMap newMap) {
        map = newMap;
        translator = newMap.translator();
        lastHit = null;
    }

    /**
     * Starts a chain without buffers. Here, and not before the chain was found available: what the compiler
     * knows of the pieces does not outlive the acquire of that look.
     */
    void begin(Pieces pieces) {
        work += descriptors;
        descriptors = 0;
        pieces.clear(map);
    }

    /** Counts a descriptor of a buffer; a chain has at most as many as the queue, so loops end here. */
    void count() {
        if (++descriptors > queueSize) {
            throw new ChainFault("chain is longer than the queue, or a loop: queue=" + queueName
                    + " size=" + queueSize);
        }
    }

    /** Looks for the buffers of a chain again, if memory is another than they were found in. */
    void relocate(Pieces pieces, MemoryMap today) {
        if (pieces.map() == today) {
            return;
        }
        int count = pieces.count();
        int readable = pieces.readableCount();
        long[] addresses = new long[count];
        long[] lengths = new long[count];
        for (int i = 0; i < count; i++) {
            addresses[i] = pieces.address(i);
            lengths[i] = pieces.length(i);
        }
        begin(pieces);
        try {
            for (int i = 0; i < count; i++) {
                addBuffer(pieces, addresses[i], lengths[i], i >= readable);
            }
        } catch (ChainFault e) {
            // Too many pieces by now: the chain cannot be reached any more.
            pieces.clear(today);
            for (int i = 0; i < count; i++) {
                if (i == readable) {
                    pieces.beginWritable();
                }
                pieces.addUnmapped(addresses[i], lengths[i]);
            }
        }
    }

    /** Adds a buffer, in as many pieces as it has in host memory. */
    void addBuffer(Pieces pieces, long address, long length, boolean writable) {
        if (pieces.isWritable() != writable) {
            turn(pieces);
        }
        if (length == 0) {
            return;
        }
        MemoryRegion hit = lastHit;
        if (hit != null && hit.contains(address, length) && !(writable && hit.isReadOnly())) {
            // A region does not pass the end of the address space, so what lies in it does not.
            pieces.add(lastHitIndex, address - hit.guestAddress(), length);
        } else {
            addSlowly(pieces, address, length, writable);
        }
    }

    private void turn(Pieces pieces) {
        if (pieces.isWritable()) {
            // > device-readable elements come before device-writable ones [Message Framing]
            throw new ChainFault("device-readable after device-writable: queue=" + queueName);
        }
        pieces.beginWritable();
    }

    private void addSlowly(Pieces pieces, long address, long length, boolean writable) {
        if (Long.compareUnsigned(address, -length) > 0) {
            throw new ChainFault("buffer passes the end of the address space: queue=" + queueName
                    + " address=0x" + Long.toHexString(address) + " length=" + length);
        }
        if (translator == null) {
            addPhysical(pieces, address, length, writable);
        } else {
            addTranslated(pieces, translator, address, length, writable);
        }
    }

    private void addPhysical(Pieces pieces, long address, long length, boolean writable) {
        for (long done = 0; done < length; ) {
            int index = map.indexOf(address + done);
            MemoryRegion region = index < 0 ? null : map.region(index);
            if (region == null || writable && region.isReadOnly()) {
                pieces.addUnmapped(address + done, length - done);
                return;
            }
            long offset = address + done - region.guestAddress();
            long bytes = Math.min(length - done, region.length() - offset);
            pieces.add(index, offset, bytes);
            done += bytes;
            hit(index, region);
            if (done < length) {
                anotherPiece(pieces);
            }
        }
    }

    /**
     * A buffer goes on in another region, or on another page of the platform's. A driver that maps one page
     * again and again gets 4 GiB of them for nothing, so they have an end.
     */
    private void anotherPiece(Pieces pieces) {
        work++;
        if (pieces.count() >= workLimit) {
            throw new ChainFault("chain lies in too many pieces: queue=" + queueName + " pieces="
                    + pieces.count());
        }
    }

    /** The next buffer is probably in the same region. With a translator, addresses are no physical ones. */
    private void hit(int index, MemoryRegion region) {
        if (translator == null) {
            lastHit = region;
            lastHitIndex = index;
        }
    }

    private void addTranslated(
            Pieces pieces, AddressTranslator with, long address, long length, boolean writable) {
        for (long done = 0; done < length; ) {
            long bus = address + done;
            if (!with.translate(bus, length - done, writable, translation)
                    || translation.length() <= 0) {
                pieces.addUnmapped(bus, length - done);
                pieces.translatedFrom(bus);
                return;
            }
            long physical = translation.physicalAddress();
            int index = map.indexOf(physical);
            MemoryRegion region = index < 0 ? null : map.region(index);
            long bytes = Math.min(length - done, translation.length());
            if (region == null || writable && region.isReadOnly()) {
                pieces.addUnmapped(bus, bytes);
            } else {
                long offset = physical - region.guestAddress();
                bytes = Math.min(bytes, region.length() - offset);
                pieces.add(index, offset, bytes);
            }
            pieces.translatedFrom(bus);
            done += bytes;
            if (done < length) {
                anotherPiece(pieces);
            }
        }
    }

    /**
     * Adds the buffers of an indirect table. [Virtqueues / The Virtqueue Descriptor Table / Indirect
     * Descriptors], [Packed Virtqueues / Indirect Flag: Scatter-Gather Support]
     */
    void addIndirect(Pieces pieces, long address, long length, RingFormat format) {
        if (!indirect) {
            throw new ChainFault("INDIRECT was not negotiated: queue=" + queueName);
        }
        // What refers to the table is no descriptor of a buffer: drivers fill tables to the queue's size.
        descriptors--;
        long entries = length / VirtqDesc.SIZE;
        if (length % VirtqDesc.SIZE != 0 || entries == 0
                || Long.compareUnsigned(address, -length) > 0) {
            throw new ChainFault("indirect table: queue=" + queueName + " address=0x"
                    + Long.toHexString(address) + " length=" + length);
        }
        MemoryRegion hit = lastHit;
        MemoryRegion around = hit != null && hit.contains(address, length) ? hit : null;
        if (format == RingFormat.PACKED) {
            addSequence(pieces, address, entries, around);
        } else {
            addLinked(pieces, address, entries, around);
        }
    }

    private void addSequence(
            Pieces pieces, long table, long entries, @Nullable MemoryRegion around) {
        for (long i = 0; i < entries; i++) {
            count();
            long rest = readEntry(table, i, around);
            int flags = PackedDesc.flags(rest);
            noNestedTable(flags);
            // NEXT means nothing here, nor does the id: only WRITE counts.
            addBuffer(pieces, entryAddress, PackedDesc.len(rest), (flags & PackedDesc.F_WRITE) != 0);
        }
    }

    private void addLinked(
            Pieces pieces, long table, long entries, @Nullable MemoryRegion around) {
        int index = 0;
        while (true) {
            count();
            long rest = readEntry(table, index, around);
            int flags = VirtqDesc.flags(rest);
            noNestedTable(flags);
            addBuffer(pieces, entryAddress, VirtqDesc.len(rest), (flags & VirtqDesc.F_WRITE) != 0);
            if ((flags & VirtqDesc.F_NEXT) == 0) {
                return;
            }
            index = VirtqDesc.next(rest);
            if (index >= entries) {
                throw new ChainFault("next passes the indirect table: queue=" + queueName + " next="
                        + index + " entries=" + entries);
            }
        }
    }

    private void noNestedTable(int flags) {
        // > The driver MUST NOT set the VIRTQ_DESC_F_INDIRECT flag within an indirect descriptor
        if ((flags & VirtqDesc.F_INDIRECT) != 0) {
            throw new ChainFault("INDIRECT inside of an indirect table: queue=" + queueName);
        }
    }

    /**
     * Copies one entry of an indirect table; tables may be unaligned and cross regions.
     *
     * @param around the region that holds all of the table, if that is known
     * @return all but the address
     */
    private long readEntry(long table, long index, @Nullable MemoryRegion around) {
        long address = table + index * VirtqDesc.SIZE;
        if (around == null) {
            readEntrySlowly(address);
            return entryRest;
        }
        long offset = address - around.guestAddress();
        entryAddress = VirtqDesc.ADDR.get(around.segment(), offset);
        return VirtqDesc.LEN_FLAGS_NEXT.get(around.segment(), offset);
    }

    /** An entry of a table that crosses regions, is behind a translator, or was not hit last. */
    private void readEntrySlowly(long address) {
        entryAddress = 0;
        entryRest = 0;
        for (int at = 0; at < VirtqDesc.SIZE; ) {
            long physical = address + at;
            long bytes = VirtqDesc.SIZE - at;
            if (translator != null) {
                if (!translator.translate(physical, bytes, false, translation)
                        || translation.length() <= 0) {
                    throw tableIsNotInMemory(address);
                }
                physical = translation.physicalAddress();
                bytes = Math.min(bytes, translation.length());
            }
            int index = map.indexOf(physical);
            if (index < 0) {
                throw tableIsNotInMemory(address);
            }
            MemoryRegion region = map.region(index);
            long offset = physical - region.guestAddress();
            long end = at + Math.min(bytes, region.length() - offset);
            for (; at < end; at++, offset++) {
                addToEntry(at, region.segment().get(JAVA_BYTE, offset));
            }
            hit(index, region);
        }
    }

    private void addToEntry(int at, byte value) {
        long bits = Byte.toUnsignedLong(value) << (8 * (at & 7));
        if (at < 8) {
            entryAddress |= bits;
        } else {
            entryRest |= bits;
        }
    }

    private ChainFault tableIsNotInMemory(long address) {
        return new ChainFault("indirect table is not in guest memory: queue=" + queueName
                + " address=0x" + Long.toHexString(address));
    }
}
