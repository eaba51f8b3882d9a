// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.queue;

import io.virtio4j.core.fault.ChainFault;
import io.virtio4j.core.fault.RingFault;
import io.virtio4j.core.memory.MemoryMap;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/** The split virtqueue. [Split Virtqueues] */
final class SplitRing extends Ring {

    private final int mask;

    private MemorySegment descriptors = none();
    private MemorySegment avail = none();
    private MemorySegment used = none();
    private long usedAddress;

    /** Free-running indices, modulo 2^16. */
    private int nextAvail;

    private int nextUsed;

    /** The driver's index when it was last looked at. */
    private int seenAvail;

    /** Where the last look found nothing; chains that were put back since then are available before it. */
    private int emptyAvail;

    /** What the driver can see of {@link #nextUsed}. */
    private int publishedUsed;

    /** Up to where the driver was considered for a notification. */
    private int consideredUsed;

    /** Heads that were taken and not used: the same one must not come again. */
    private final boolean[] inWork;

    // IN_ORDER: a run of used chains that has no entry in the ring yet.
    private int runLength;
    private int runLastId;
    private long runLastLength;

    private boolean disarmed;

    SplitRing(QueueConfig config, RingFeatures features, MemoryMap map,
            QueueState.Position from) {
        super(config, features, map);
        mask = size - 1;
        inWork = new boolean[size];
        nextAvail = from.availableIndex();
        nextUsed = from.usedIndex();
        seenAvail = nextAvail;
        emptyAvail = nextAvail;
        publishedUsed = nextUsed;
        consideredUsed = nextUsed;
        resolve();
        if (eventIndex) {
            // > the device MUST set flags to 0 [Available Buffer Notification Suppression]
            VirtqUsed.FLAGS.setRelease(used, 0, 0);
            dirty(usedAddress, VirtqUsed.RING);
        }
    }

    @Override
    void resolve(RingAreas from) {
        descriptors = area(from.descriptorArea()).segment();
        avail = area(from.driverArea()).segment();
        MemoryMap.Area area = area(from.deviceArea());
        used = area.segment();
        usedAddress = area.physicalAddress();
    }

    // ── Available ──────────────────────────────────────────────────────────

    @Override
    boolean take(DescriptorChain chain) {
        if (nextAvail == seenAvail && !lookForAvailable()) {
            emptyAvail = nextAvail;
            return false;
        }
        int head = VirtqAvail.ENTRY.get(avail, VirtqAvail.RING + 2L * (nextAvail & mask));
        if (head >= size) {
            throw new RingFault("head passes the descriptor table: queue=" + queueName + " head=" + head
                    + " size=" + size);
        }
        if (inWork[head]) {
            throw new RingFault("head is available twice: queue=" + queueName + " head=" + head);
        }
        inWork[head] = true;
        nextAvail = (nextAvail + 1) & 0xFFFF;
        chain.id = head;
        chain.slots = 1;
        ChainJournal told = journal;
        if (told != null) {
            chain.entry = told.taken(head);
        }
        walk(chain, head);
        return true;
    }

    @Override
    void readAgain(DescriptorChain chain, ChainJournal.InFlight inFlight) {
        chain.id = inFlight.id();
        chain.slots = 1;
        if (inFlight.id() >= size) {
            throw new RingFault("journal's head passes the descriptor table: queue=" + queueName + " head="
                    + inFlight.id() + " size=" + size);
        }
        walk(chain, inFlight.id());
    }

    private boolean lookForAvailable() {
        seenAvail = VirtqAvail.IDX.getAcquire(avail, 0);
        int available = (seenAvail - nextAvail) & 0xFFFF;
        // What the driver was not told of yet still takes its place in the ring.
        int inFlight = (nextAvail - publishedUsed) & 0xFFFF;
        if (available + inFlight > size) {
            throw new RingFault("available idx jumped: queue=" + queueName + " idx=" + seenAvail
                    + " expected=" + nextAvail + " inFlight=" + inFlight + " size=" + size);
        }
        return available != 0;
    }

    private void walk(DescriptorChain chain, int head) {
        walker.begin(chain.pieces());
        int index = head;
        while (true) {
            walker.count();
            long at = (long) VirtqDesc.SIZE * index;
            long address = VirtqDesc.ADDR.get(descriptors, at);
            long rest = VirtqDesc.LEN_FLAGS_NEXT.get(descriptors, at);
            int flags = VirtqDesc.flags(rest);
            if ((flags & VirtqDesc.F_INDIRECT) != 0) {
                if ((flags & VirtqDesc.F_NEXT) != 0) {
                    throw new ChainFault("INDIRECT and NEXT together: queue=" + queueName);
                }
                // > The device MUST ignore the write-only flag in the descriptor that refers to an
                // > indirect table. [Indirect Descriptors]
                walker.addIndirect(chain.pieces(), address, VirtqDesc.len(rest), RingFormat.SPLIT);
                return;
            }
            walker.addBuffer(chain.pieces(), address, VirtqDesc.len(rest), (flags & VirtqDesc.F_WRITE) != 0);
            if ((flags & VirtqDesc.F_NEXT) == 0) {
                return;
            }
            index = VirtqDesc.next(rest);
            if (index >= size) {
                throw new ChainFault("next passes the descriptor table: queue=" + queueName + " next="
                        + index + " size=" + size);
            }
        }
    }

    @Override
    void putBack(DescriptorChain chain) {
        inWork[chain.id] = false;
        nextAvail = (nextAvail - 1) & 0xFFFF;
        ChainJournal told = journal;
        if (told != null) {
            told.putBack(chain.entry);
        }
    }

    @Override
    void adopt(int id, int slots) {
        if (id >= size || inWork[id]) {
            throw new RingFault("saved chain is not of this queue: queue=" + queueName + " head=" + id);
        }
        inWork[id] = true;
    }

    // ── Used ───────────────────────────────────────────────────────────────

    @Override
    void use(DescriptorChain chain) {
        inWork[chain.id] = false;
        ChainJournal told = journal;
        if (told != null) {
            told.using(chain.entry);
        }
        if (inOrder) {
            // > The skipped buffers are assumed to have been used by the device completely.
            // [Virtqueues / In-order use of descriptors]
            boolean alone = UsedOrder.needsItsOwnEntry(chain);
            if (alone) {
                endRun();
            }
            runLength++;
            runLastId = chain.id;
            runLastLength = chain.usedLength;
            if (alone) {
                endRun();
            }
        } else {
            writeElem(chain.id, chain.usedLength);
            nextUsed = (nextUsed + 1) & 0xFFFF;
        }
    }

    private void endRun() {
        if (runLength > 0) {
            writeElem(runLastId, runLastLength);
            nextUsed = (nextUsed + runLength) & 0xFFFF;
            runLength = 0;
        }
    }

    private void writeElem(int id, long length) {
        long at = VirtqUsed.RING + (long) VirtqUsed.ELEM_SIZE * (nextUsed & mask);
        VirtqUsed.ELEM.set(used, at, VirtqUsed.elem(id, length));
        dirty(usedAddress + at, VirtqUsed.ELEM_SIZE);
    }

    @Override
    void publish() {
        endRun();
        if (publishedUsed != nextUsed) {
            publishedUsed = nextUsed;
            ChainJournal told = journal;
            if (told != null) {
                told.publishing(nextUsed, false);
            }
            // > The device MUST set len prior to updating the used idx. [The Virtqueue Used Ring]
            VirtqUsed.IDX.setRelease(used, 0, nextUsed);
            dirty(usedAddress, VirtqUsed.RING);
            if (told != null) {
                told.published();
            }
        }
    }

    @Override
    boolean isNotificationDue() {
        int before = consideredUsed;
        int now = publishedUsed;
        if (before == now) {
            return false;
        }
        consideredUsed = now;
        // The driver's wish is read after idx is visible, or both sides can go to sleep.
        VarHandle.fullFence();
        if (eventIndex) {
            int event = VirtqAvail.ENTRY.getAcquire(avail, VirtqAvail.usedEvent(size));
            return needEvent(event, now, before);
        }
        return (VirtqAvail.FLAGS.getAcquire(avail, 0) & VirtqAvail.F_NO_INTERRUPT) == 0;
    }

    // ── Available buffer notifications ─────────────────────────────────────

    @Override
    void disarm() {
        // With EVENT_IDX an avail_event that lies behind is quiet enough.
        if (!eventIndex && !disarmed) {
            disarmed = true;
            VirtqUsed.FLAGS.setRelease(used, 0, VirtqUsed.F_NO_NOTIFY);
            dirty(usedAddress, VirtqUsed.RING);
        }
    }

    @Override
    boolean arm() {
        if (eventIndex) {
            long at = VirtqUsed.availEvent(size);
            VirtqUsed.AVAIL_EVENT.setRelease(used, at, emptyAvail);
            dirty(usedAddress + at, 2);
        } else {
            disarmed = false;
            VirtqUsed.FLAGS.setRelease(used, 0, 0);
            dirty(usedAddress, VirtqUsed.RING);
        }
        // The index is read after the wish is visible, or both sides can go to sleep.
        VarHandle.fullFence();
        return lookForAvailable() && seenAvail != emptyAvail;
    }

    @Override
    QueueState.Position position() {
        return new QueueState.Position(nextAvail, false, publishedUsed, false);
    }
}
