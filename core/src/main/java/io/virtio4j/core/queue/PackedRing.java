// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.queue;

import io.virtio4j.core.fault.ChainFault;
import io.virtio4j.core.fault.RingFault;
import io.virtio4j.core.memory.MemoryMap;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/** The packed virtqueue. [Packed Virtqueues] */
final class PackedRing extends Ring {

    private static final long NOTHING = -1;

    private MemorySegment descriptors = none();
    private MemorySegment driverEvent = none();
    private MemorySegment deviceEvent = none();
    private long descriptorsAddress;
    private long deviceEventAddress;

    // [Packed Virtqueues / Driver and Device Ring Wrap Counters]
    private int nextAvail;
    private boolean availWrap;
    private int nextUsed;
    private boolean usedWrap;

    /** Slots that were taken and have no used descriptor yet. More than the ring has cannot be. */
    private int slotsInWork;

    // Where the last look found nothing; chains that were put back since then are available before it.
    private int emptyAvail;
    private boolean emptyWrap;

    // What was gathered becomes visible with the first used descriptor of it, which is written last.
    private boolean gathering;
    private long gatheredAt = NOTHING;
    private long gatheredLenIdFlags;

    /** Slots that became used since the driver was last considered for a notification. */
    private int slotsSincePublish;

    // IN_ORDER: a run of used chains that has no used descriptor yet.
    private int runSlots;
    private int runLastId;
    private long runLastLength;

    private boolean disarmed;

    PackedRing(QueueConfig config, RingFeatures features, MemoryMap map,
            QueueState.Position from) {
        super(config, features, map);
        nextAvail = from.availableIndex();
        availWrap = from.availableWrap();
        nextUsed = from.usedIndex();
        usedWrap = from.usedWrap();
        if (nextAvail >= size || nextUsed >= size) {
            throw new RingFault("saved position passes the ring: queue=" + queueName + " available="
                    + nextAvail + " used=" + nextUsed + " size=" + size);
        }
        emptyAvail = nextAvail;
        emptyWrap = availWrap;
        resolve();
    }

    @Override
    void resolve(RingAreas from) {
        MemoryMap.Area ring = area(from.descriptorArea());
        descriptors = ring.segment();
        descriptorsAddress = ring.physicalAddress();
        driverEvent = area(from.driverArea()).segment();
        MemoryMap.Area event = area(from.deviceArea());
        deviceEvent = event.segment();
        deviceEventAddress = event.physicalAddress();
    }

    // ── Available ──────────────────────────────────────────────────────────

    @Override
    boolean take(DescriptorChain chain) {
        long at = (long) PackedDesc.SIZE * nextAvail;
        long rest = PackedDesc.LEN_ID_FLAGS.getAcquire(descriptors, at);
        // > A device MUST NOT use a descriptor unless it observes the VIRTQ_DESC_F_AVAIL bit in its
        // > flags being changed. [Packed Virtqueues / The Virtqueue Descriptor Table]
        if (!PackedDesc.isAvailable(PackedDesc.flags(rest), PackedDesc.available(availWrap))) {
            emptyAvail = nextAvail;
            emptyWrap = availWrap;
            return false;
        }
        walk(chain, at, rest);
        return true;
    }

    /**
     * Reads the list of descriptors to its end even if one of them is bad: where the next list starts,
     * and the id that returns this one, stand only there.
     */
    private void walk(DescriptorChain chain, long firstAt, long firstRest) {
        walker.begin(chain.pieces());
        ChainJournal told = journal;
        @Nullable ChainFault fault = null;
        int slot = nextAvail;
        int slots = 0;
        long at = firstAt;
        long rest = firstRest;
        while (true) {
            if (++slots > size - slotsInWork) {
                throw new RingFault("list of descriptors does not end: queue=" + queueName + " slot="
                        + nextAvail + " inWork=" + slotsInWork + " size=" + size);
            }
            int flags = PackedDesc.flags(rest);
            long address = PackedDesc.ADDR.get(descriptors, at);
            if (told != null) {
                told.descriptor(address, PackedDesc.len(rest), PackedDesc.id(rest), flags);
            }
            if (fault == null) {
                fault = addDescriptor(chain, address, rest, flags);
            }
            if ((flags & PackedDesc.F_NEXT) == 0) {
                break;
            }
            slot = slot + 1 == size ? 0 : slot + 1;
            at = (long) PackedDesc.SIZE * slot;
            rest = PackedDesc.LEN_ID_FLAGS.get(descriptors, at);
        }
        // > the buffer id is in the last descriptor of the list [Packed Virtqueues / Scatter-Gather]
        chain.id = PackedDesc.id(rest);
        chain.slots = slots;
        slotsInWork += slots;
        advanceAvail(slots);
        if (told != null) {
            chain.entry = told.taken(chain.id);
        }
        if (fault != null) {
            throw fault;
        }
    }

    @Override
    void readAgain(DescriptorChain chain, ChainJournal.InFlight inFlight) {
        walker.begin(chain.pieces());
        chain.id = inFlight.id();
        chain.slots = inFlight.descriptors().size();
        for (ChainJournal.Descriptor descriptor : inFlight.descriptors()) {
            int flags = descriptor.flags();
            ChainFault fault = addDescriptor(chain, descriptor.address(),
                    PackedDesc.lenIdFlags(descriptor.length(), chain.id, flags), flags);
            if (fault != null) {
                throw fault;
            }
        }
    }

    private @Nullable ChainFault addDescriptor(
            DescriptorChain chain, long address, long rest, int flags) {
        try {
            walker.count();
            if ((flags & PackedDesc.F_INDIRECT) == 0) {
                walker.addBuffer(
                        chain.pieces(), address, PackedDesc.len(rest), (flags & PackedDesc.F_WRITE) != 0);
            } else if ((flags & PackedDesc.F_NEXT) == 0) {
                walker.addIndirect(chain.pieces(), address, PackedDesc.len(rest), RingFormat.PACKED);
            } else {
                // What such a list is meant to be, and where it ends, cannot be told.
                throw new RingFault("INDIRECT and NEXT together: queue=" + queueName);
            }
            return null;
        } catch (ChainFault e) {
            return e;
        }
    }

    private void advanceAvail(int slots) {
        nextAvail += slots;
        if (nextAvail >= size) {
            nextAvail -= size;
            availWrap = !availWrap;
        }
    }

    @Override
    void putBack(DescriptorChain chain) {
        slotsInWork -= chain.slots;
        nextAvail -= chain.slots;
        if (nextAvail < 0) {
            nextAvail += size;
            availWrap = !availWrap;
        }
        ChainJournal told = journal;
        if (told != null) {
            told.putBack(chain.entry);
        }
    }

    @Override
    void adopt(int id, int slots) {
        slotsInWork += slots;
        if (slots < 1 || slotsInWork > size) {
            throw new RingFault("saved chains do not fit the ring: queue=" + queueName + " slots="
                    + slotsInWork + " size=" + size);
        }
    }

    // ── Used ───────────────────────────────────────────────────────────────

    @Override
    void use(DescriptorChain chain) {
        ChainJournal told = journal;
        if (told != null) {
            told.using(chain.entry);
        }
        if (inOrder) {
            // > The skipped buffers are assumed to have been used by the device completely.
            // [Packed Virtqueues / In-order use of descriptors]
            boolean alone = UsedOrder.needsItsOwnEntry(chain);
            if (alone) {
                endRun();
            }
            // In work until the run ends: the driver cannot know before that the slots are free.
            runSlots += chain.slots;
            runLastId = chain.id;
            runLastLength = chain.usedLength;
            if (alone) {
                endRun();
            }
        } else {
            writeUsed(chain.id, chain.usedLength, chain.slots);
        }
    }

    private void endRun() {
        if (runSlots > 0) {
            writeUsed(runLastId, runLastLength, runSlots);
            runSlots = 0;
        }
    }

    private void writeUsed(int id, long length, int slots) {
        int flags = (usedWrap ? PackedDesc.F_AVAIL | PackedDesc.F_USED : 0)
                | (length > 0 ? PackedDesc.F_WRITE : 0);
        long at = (long) PackedDesc.SIZE * nextUsed;
        slotsInWork -= slots;
        nextUsed += slots;
        slotsSincePublish += slots;
        if (nextUsed >= size) {
            nextUsed -= size;
            usedWrap = !usedWrap;
        }
        if (!gathering) {
            show(at, PackedDesc.lenIdFlags(length, id, flags));
        } else if (gatheredAt == NOTHING) {
            gatheredAt = at;
            gatheredLenIdFlags = PackedDesc.lenIdFlags(length, id, flags);
        } else {
            write(at, PackedDesc.lenIdFlags(length, id, flags));
        }
    }

    /** Writes the used descriptor that the driver looks at next: it sees all up to now. */
    private void show(long at, long lenIdFlags) {
        ChainJournal told = journal;
        if (told != null) {
            told.publishing(nextUsed, usedWrap);
        }
        write(at, lenIdFlags);
        if (told != null) {
            told.published();
        }
    }

    private void write(long at, long lenIdFlags) {
        // One release: the driver sees the flags only together with id and length.
        PackedDesc.LEN_ID_FLAGS.setRelease(descriptors, at, lenIdFlags);
        dirty(descriptorsAddress + at + PackedDesc.LEN.offset(), 8);
    }

    @Override
    void gather() {
        endRun();
        gathering = true;
    }

    @Override
    void endGather() {
        if (gathering) {
            endRun();
            gathering = false;
            if (gatheredAt != NOTHING) {
                show(gatheredAt, gatheredLenIdFlags);
                gatheredAt = NOTHING;
            }
        }
    }

    @Override
    void publish() {
        endRun();
        endGather();
    }

    @Override
    boolean isNotificationDue() {
        if (slotsSincePublish == 0) {
            return false;
        }
        int advanced = slotsSincePublish;
        slotsSincePublish = 0;
        // The driver's wish is read after the used descriptors are visible, or both sides can sleep.
        VarHandle.fullFence();
        long wish = EventSuppress.DESC_FLAGS.getAcquire(driverEvent, 0);
        return switch (EventSuppress.flags(wish)) {
            case EventSuppress.DISABLE -> false;
            case EventSuppress.DESC -> !eventIndex || reached(wish, advanced);
            default -> true;
        };
    }

    /** Whether the descriptor that the driver named is among the last {@code advanced} slots. */
    private boolean reached(long wish, int advanced) {
        int event = EventSuppress.offset(wish);
        if (event >= size) {
            return true;
        }
        if (EventSuppress.wrap(wish) != usedWrap) {
            event -= size;
        }
        return advanced > size || needEvent(event, nextUsed, nextUsed - advanced);
    }

    // ── Available buffer notifications ─────────────────────────────────────

    @Override
    void disarm() {
        if (!disarmed) {
            disarmed = true;
            wish(EventSuppress.descFlags(0, false, EventSuppress.DISABLE));
        }
    }

    @Override
    boolean arm() {
        disarmed = false;
        wish(eventIndex
                ? EventSuppress.descFlags(emptyAvail, emptyWrap, EventSuppress.DESC)
                : EventSuppress.descFlags(0, false, EventSuppress.ENABLE));
        // Flags are read after the wish is visible, or both sides can go to sleep.
        VarHandle.fullFence();
        long rest = PackedDesc.LEN_ID_FLAGS.getAcquire(
                descriptors, (long) PackedDesc.SIZE * emptyAvail);
        return PackedDesc.isAvailable(PackedDesc.flags(rest), PackedDesc.available(emptyWrap));
    }

    private void wish(long descFlags) {
        EventSuppress.DESC_FLAGS.setRelease(deviceEvent, 0, descFlags);
        dirty(deviceEventAddress, EventSuppress.SIZE);
    }

    @Override
    QueueState.Position position() {
        return new QueueState.Position(nextAvail, availWrap, nextUsed, usedWrap);
    }
}
