// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.queue;

import io.virtio4j.core.memory.GuestMemory;
import io.virtio4j.core.memory.MemoryMap;
import io.virtio4j.core.memory.MemoryRegion;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A ring of four entries with the device's side that is under test, and a driver's side by the book: one
 * buffer of 8 device-writable bytes. Off-heap memory is used again in turn, long after its last use.
 */
abstract class RacingRing {

    static final int SIZE = 4;

    private static final int PLACES = 1 << 16;
    private static final int PLACE = 512;
    private static final int DRIVER = 64;
    private static final int DEVICE = 128;
    private static final int DATA = 256;

    private static final MemorySegment MEMORY = Arena.global().allocate((long) PLACES * PLACE, PLACE);
    private static final GuestMemory GUEST = GuestMemory.of(MemoryRegion.of(0, MEMORY));
    private static final MemoryMap MAP = GUEST.pin();
    /** The queue of chains whose rings race, for its name alone. */
    private static final VirtQueue NAMED = queue(new QueueConfig(0, "raceq", SIZE), Runner.manual());

    private static final AtomicInteger NEXT = new AtomicInteger();

    static final long DONE = 0x0102_0304_0506_0708L;

    final MemorySegment at;
    final MemorySegment driverArea;
    final MemorySegment deviceArea;
    final Ring ring;
    final DescriptorChain chain;
    private final QueueConfig config;
    private final long data;

    RacingRing(RingFormat format, boolean eventIndex) {
        long place = (long) (NEXT.getAndIncrement() & PLACES - 1) * PLACE;
        at = MEMORY.asSlice(place, PLACE).fill((byte) 0);
        driverArea = at.asSlice(DRIVER, 64);
        deviceArea = at.asSlice(DEVICE, 64);
        data = place + DATA;
        config = new QueueConfig(0, "raceq", SIZE);
        config.descriptorArea(place);
        config.driverArea(place + DRIVER);
        config.deviceArea(place + DEVICE);
        RingFeatures features = new RingFeatures(format, false, eventIndex, false);
        QueueState.Position from = QueueState.initial(format).position();
        ring = format == RingFormat.SPLIT
                ? new SplitRing(config, features, MAP, from)
                : new PackedRing(config, features, MAP, from);
        chain = new DescriptorChain(NAMED, 0, MAP);
        chain.begin(0);
    }

    /** A queue of the split format at the same place. */
    final VirtQueue queue(Runner runner) {
        return queue(config, runner);
    }

    private static VirtQueue queue(QueueConfig config, Runner runner) {
        return new VirtQueue(config, new RingFeatures(RingFormat.SPLIT, false, true, false),
                QueueState.initial(RingFormat.SPLIT), new QueueContext(
                        GUEST, new SilentListener(), new QueueCounters(), runner));
    }

    // ── The device ─────────────────────────────────────────────────────────

    /** Takes the buffer, if it is there. */
    final boolean take() {
        if (!ring.take(chain)) {
            return false;
        }
        chain.ready();
        return true;
    }

    /** Writes the bytes and uses the buffer. */
    final void complete() {
        chain.writer().writeLe64(DONE);
        chain.usedLength = 8;
        ring.use(chain);
        ring.publish();
    }

    /** Whether the chain that was taken is what the driver made. */
    final boolean isWhole() {
        Pieces pieces = chain.pieces();
        return pieces.count() == 1 && pieces.writableBytes() == 8 && pieces.offset(0) == data;
    }

    // ── The driver ─────────────────────────────────────────────────────────

    /** Makes the buffer available. */
    abstract void makeAvailable();

    /** Whether the device wants to be notified of it. */
    abstract boolean isKickWanted();

    /** Asks for a notification of the next used buffer. */
    abstract void wantInterrupt();

    /** Whether the buffer is used. */
    abstract boolean isUsed();

    /** What stands in the used entry: the length. */
    abstract long usedLength();

    final long bytes() {
        return VirtqDesc.ADDR.get(at, DATA);
    }

    final long dataAddress() {
        return data;
    }

    static void fullFence() {
        VarHandle.fullFence();
    }

    /** The split format, written by the driver. */
    static class Split extends RacingRing {

        private final boolean eventIndex;

        Split(boolean eventIndex) {
            super(RingFormat.SPLIT, eventIndex);
            this.eventIndex = eventIndex;
            // At first, neither side wants to be told.
            if (eventIndex) {
                VirtqAvail.ENTRY.set(driverArea, VirtqAvail.usedEvent(SIZE), 0x8000);
                VirtqUsed.AVAIL_EVENT.set(deviceArea, VirtqUsed.availEvent(SIZE), 0x8000);
            } else {
                VirtqAvail.FLAGS.set(driverArea, 0, VirtqAvail.F_NO_INTERRUPT);
                ring.disarm();
            }
        }

        @Override
        void makeAvailable() {
            VirtqDesc.ADDR.set(at, 0, dataAddress());
            VirtqDesc.LEN.set(at, 0, 8);
            VirtqDesc.FLAGS.set(at, 0, VirtqDesc.F_WRITE);
            VirtqAvail.ENTRY.set(driverArea, VirtqAvail.RING, 0);
            VirtqAvail.IDX.setRelease(driverArea, 0, 1);
        }

        @Override
        boolean isKickWanted() {
            return eventIndex
                    ? VirtqUsed.AVAIL_EVENT.getAcquire(deviceArea, VirtqUsed.availEvent(SIZE)) == 0
                    : VirtqUsed.FLAGS.getAcquire(deviceArea, 0) == 0;
        }

        @Override
        void wantInterrupt() {
            if (eventIndex) {
                VirtqAvail.ENTRY.setRelease(driverArea, VirtqAvail.usedEvent(SIZE), 0);
            } else {
                VirtqAvail.FLAGS.setRelease(driverArea, 0, 0);
            }
        }

        @Override
        boolean isUsed() {
            return VirtqUsed.IDX.getAcquire(deviceArea, 0) == 1;
        }

        @Override
        long usedLength() {
            return VirtqUsed.ELEM.get(deviceArea, VirtqUsed.RING) >>> 32;
        }
    }

    /** The packed format, written by the driver. */
    static class Packed extends RacingRing {

        private final boolean eventIndex;

        Packed(boolean eventIndex) {
            super(RingFormat.PACKED, eventIndex);
            this.eventIndex = eventIndex;
            EventSuppress.DESC_FLAGS.setRelease(
                    driverArea, 0, EventSuppress.descFlags(0, false, EventSuppress.DISABLE));
            ring.disarm();
        }

        @Override
        void makeAvailable() {
            PackedDesc.ADDR.set(at, 0, dataAddress());
            PackedDesc.LEN.set(at, 0, 8);
            PackedDesc.ID.set(at, 0, 3);
            PackedDesc.FLAGS.setRelease(at, 0, PackedDesc.F_AVAIL | PackedDesc.F_WRITE);
        }

        @Override
        boolean isKickWanted() {
            long wish = EventSuppress.DESC_FLAGS.getAcquire(deviceArea, 0);
            return switch (EventSuppress.flags(wish)) {
                case EventSuppress.DISABLE -> false;
                case EventSuppress.DESC -> EventSuppress.offset(wish) == 0;
                default -> true;
            };
        }

        @Override
        void wantInterrupt() {
            EventSuppress.DESC_FLAGS.setRelease(driverArea, 0, eventIndex
                    ? EventSuppress.descFlags(0, true, EventSuppress.DESC)
                    : EventSuppress.descFlags(0, false, EventSuppress.ENABLE));
        }

        @Override
        boolean isUsed() {
            int flags = PackedDesc.FLAGS.getAcquire(at, 0);
            return (flags & PackedDesc.F_AVAIL) != 0 && (flags & PackedDesc.F_USED) != 0;
        }

        @Override
        long usedLength() {
            return PackedDesc.ID.get(at, 0) == 3 ? PackedDesc.LEN.get(at, 0) : -1;
        }
    }

    /** Nobody listens. */
    static final class SilentListener implements QueueListener {

        @Override
        public void usedBuffers(VirtQueue queue) {}

        @Override
        public void queueFailed(VirtQueue queue, Throwable cause) {}

        @Override
        public void deviceFailed(VirtQueue queue, Throwable cause) {}
    }
}
