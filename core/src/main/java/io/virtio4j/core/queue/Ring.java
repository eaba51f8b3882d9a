// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.queue;

import io.virtio4j.core.memory.DirtyLog;
import io.virtio4j.core.memory.MemoryMap;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * The device's side of one ring in guest memory. Owned by one thread at a time; a memory map that holds
 * the ring is pinned during every call.
 */
abstract sealed class Ring permits SplitRing, PackedRing {

    final String queueName;
    final int size;
    final boolean eventIndex;
    final boolean inOrder;
    final ChainWalker walker;

    private final RingAreas areas;

    /** Where the areas are resolved; not those of a map that does not have them all. */
    private MemoryMap map;
    private boolean resolved;

    /** What is told of chains in work. */
    @Nullable ChainJournal journal;

    /** What is told of writes, since the map was last changed. */
    @Nullable DirtyLog log;

    Ring(QueueConfig config, RingFeatures features, MemoryMap map) {
        config.check(features.format());
        this.areas = RingAreas.of(config, features);
        this.queueName = config.name();
        this.size = config.size();
        this.eventIndex = features.eventIndex();
        this.inOrder = features.inOrder();
        this.map = map;
        this.log = map.dirtyLog();
        this.walker = new ChainWalker(queueName, config.longestChain(), features.indirect(), map);
    }

    /**
     * Resolves the areas in a map other than the one before; a ring that is not in memory is a fault.
     *
     * @return whether the map is another
     */
    final boolean use(MemoryMap newMap) {
        boolean changed = map != newMap || !resolved;
        if (changed) {
            resolved = false;
            map = newMap;
            log = newMap.dirtyLog();
            walker.remap(newMap);
            resolve();
        }
        return changed;
    }

    /** Finds the areas in the map. Each constructor ends with it. */
    final void resolve() {
        resolve(areas);
        resolved = true;
    }

    abstract void resolve(RingAreas from);

    final MemoryMap.Area area(RingAreas.Place place) {
        return place.find(map, queueName);
    }

    /** Whether a map has all of the ring. Any thread that has pinned the map. */
    final boolean isIn(MemoryMap other) {
        return areas.isIn(other);
    }

    /** Notes a write to the ring itself. */
    final void dirty(long physicalAddress, long bytes) {
        DirtyLog told = log;
        if (told != null) {
            told.mark(physicalAddress, bytes);
        }
    }

    /**
     * Takes the next available chain.
     *
     * @return false if none is available; nothing was taken then
     * @throws io.virtio4j.core.fault.ChainFault the chain cannot be parsed; it was taken all the same,
     *     and {@code chain} says how to return it
     * @throws io.virtio4j.core.fault.RingFault the ring cannot be trusted
     */
    abstract boolean take(DescriptorChain chain);

    /**
     * Reads a chain again that was in work when the queue ended.
     *
     * @throws io.virtio4j.core.fault.ChainFault the chain cannot be parsed
     * @throws RingFault it cannot be one of this ring
     */
    abstract void readAgain(DescriptorChain chain, ChainJournal.InFlight inFlight);

    /** Undoes the last {@link #take}. */
    abstract void putBack(DescriptorChain chain);

    /** Uses a chain. With IN_ORDER, chains come here in the order in which they were taken. */
    abstract void use(DescriptorChain chain);

    /** Keeps what is used from now on from the driver until {@link #endGather()}, or {@link #publish()}. */
    void gather() {}

    /** Lets the driver see at once what was gathered; or with the next {@link #publish()}. */
    void endGather() {}

    /** Makes everything used visible to the driver. */
    abstract void publish();

    /** Whether the driver wants to be notified of something that was published since this was last asked. */
    abstract boolean isNotificationDue();

    /** Advises the driver that available buffer notifications are not needed. */
    abstract void disarm();

    /**
     * Asks for an available buffer notification, of buffers beyond the last look that found none.
     *
     * @return whether there are some already, so that none may come
     */
    abstract boolean arm();

    /** Counts a chain as taken that a saved state says was in work. */
    abstract void adopt(int id, int slots);

    abstract QueueState.Position position();

    /**
     * The comparison behind notification suppression: whether {@code event} lies in the entries from
     * {@code before} to {@code now}, all modulo 2^16. [Virtqueues / Used Buffer Notification Suppression]
     */
    static boolean needEvent(int event, int now, int before) {
        return ((now - event - 1) & 0xFFFF) < ((now - before) & 0xFFFF);
    }

    static MemorySegment none() {
        return MemorySegment.NULL;
    }
}
