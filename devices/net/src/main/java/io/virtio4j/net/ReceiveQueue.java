// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net;

import io.netty.buffer.ByteBuf;
import io.virtio4j.core.device.CounterTable;
import io.virtio4j.core.device.DeviceClock;
import io.virtio4j.core.queue.DescriptorChain;
import io.virtio4j.core.queue.QueueHandler;
import io.virtio4j.core.queue.VirtQueue;
import io.virtio4j.net.packet.NetHeader;
import io.virtio4j.net.ring.PacketRing;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * One running receive queue: packets that any thread put in wait here, at most as many as the ring holds,
 * until the driver has buffers for them. [Processing of Incoming Packets]
 */
final class ReceiveQueue implements QueueHandler {

    /** What is moved in one turn, in bytes: a few milliseconds' worth. */
    private static final int TURN = 8 << 20;

    /** What a packet costs beside its bytes. */
    private static final int PACKET_COST = 256;

    /** How long a packet waits for more buffers if there are some, but not enough for it. */
    private static final long PATIENCE_NANOS = 10_000_000;

    private final NetDevice device;
    private final VirtQueue virtQueue;
    private final int pair;
    private final PacketRing ring;
    private final CounterTable<NetCounter> counters;
    private final Coalescing coalescing;
    private final IncomingPacket incoming;
    private final ReceiveBuffers buffers;
    private final DeviceClock clock;

    /** Somebody's packet was refused, who waits to be told of room. */
    private volatile boolean refused;

    private volatile boolean stopped;
    private final AtomicReference<@Nullable PairsChange> leaving = new AtomicReference<>();
    private final AtomicBoolean reaping = new AtomicBoolean();

    private final DeviceClock.Alarm patience = new DeviceClock.Alarm() {
        @Override
        public void ring() {
            virtQueue.wake();
        }
    };

    // Of the owner.
    private boolean prepared;
    private boolean madeRoom;
    private boolean impatient;
    private long waitingSince;

    ReceiveQueue(NetDevice device, VirtQueue virtQueue, int pair, Coalescing coalescing) {
        this.device = device;
        this.virtQueue = virtQueue;
        this.pair = pair;
        this.ring = new PacketRing(device.backlog());
        this.counters = device.counts();
        this.coalescing = coalescing;
        this.incoming = new IncomingPacket(device.negotiated(), device.headerSize());
        this.buffers = new ReceiveBuffers(virtQueue, device.headerSize(),
                device.negotiated().has(NetFeature.MRG_RXBUF), device.regularPacket());
        this.clock = device.clock();
    }

    Coalescing coalescing() {
        return coalescing;
    }

    // ── Any thread ─────────────────────────────────────────────────────────

    /** Takes a packet, if there is room. */
    boolean offer(ByteBuf packet, NetHeader header, int hashValue, int hashReport) {
        long hash = (long) hashReport << Integer.SIZE | Integer.toUnsignedLong(hashValue);
        if (!ring.offer(packet, header, hash)) {
            refused = true;
            // The owner may have made room before it could see that.
            if (!ring.offer(packet, header, hash)) {
                return false;
            }
        }
        if (stopped) {
            reap();
        } else {
            virtQueue.wake();
        }
        return true;
    }

    /** The queue is not to be used any more; the owner says when it has stopped. */
    void leave(PairsChange change) {
        change.await();
        PairsChange before = leaving.getAndSet(change);
        if (before != null) {
            before.left(); // this one waits for the same turn
        }
        if (stopped) {
            left();
        } else {
            virtQueue.wake();
        }
    }

    private void left() {
        PairsChange change = leaving.getAndSet(null);
        if (change != null) {
            change.left();
        }
    }

    /** The queue takes no more turns. */
    void stop() {
        stopped = true;
        coalescing.stop();
        left();
        incoming.close();
        reap();
    }

    /** The packets of a queue that was stopped; whoever puts in one later comes here too. */
    private void reap() {
        while (reaping.compareAndSet(false, true)) {
            try {
                while (!ring.isEmpty()) {
                    drop(NetCounter.RX_DROPS);
                    ring.remove().release();
                }
            } finally {
                reaping.set(false);
            }
            if (ring.isEmpty()) {
                return;
            }
        }
    }

    private void drop(NetCounter reason) {
        counters.count(pair, NetCounter.RX_DROPS, 1);
        if (reason != NetCounter.RX_DROPS) {
            counters.count(pair, reason, 1);
        }
    }

    // ── The owner's turn ───────────────────────────────────────────────────

    @Override
    public void service(VirtQueue queue) {
        boolean usable = pair < device.steering().pairs();
        if (!usable) {
            dropAll();
        }
        left();
        int budget = TURN;
        while (usable) {
            int cost = deliverNext();
            budget -= cost;
            if (cost == 0) {
                break;
            }
            if (budget <= 0) {
                queue.wake();
                break;
            }
            usable = pair < device.steering().pairs();
        }
        buffers.putBackSpare();
        if (madeRoom) {
            tellRoom();
        }
    }

    private void tellRoom() {
        madeRoom = false;
        // Whoever offers and this thread each write and then read: one of them sees the other.
        VarHandle.fullFence();
        if (refused) {
            refused = false;
            device.receiveReady();
        }
    }

    private void dropAll() {
        while (!ring.isEmpty()) {
            drop(NetCounter.RX_DROPS);
            removePacket();
        }
    }

    private void removePacket() {
        incoming.forget();
        prepared = false;
        impatient = false;
        madeRoom = true;
        ring.remove().release();
    }

    /**
     * Delivers the next packet, or the next segment of it.
     *
     * @return what that cost; 0 if there is none, or no room for it
     */
    private int deliverNext() {
        if (!prepared) {
            if (ring.isEmpty()) {
                return 0;
            }
            prepared = incoming.prepare(
                    ring.packet(), ring.header(), device.driverTakes(), (int) ring.label(),
                    (int) (ring.label() >>> Integer.SIZE));
            if (!prepared) {
                drop(NetCounter.RX_MALFORMED);
                removePacket();
                return PACKET_COST;
            }
        }
        int length = incoming.nextLength();
        if (incoming.isTooLong(device.mtuNegotiated())) {
            drop(NetCounter.RX_DROPS);
        } else {
            ReceiveBuffers.Fit fit = buffers.find(length);
            if (fit == ReceiveBuffers.Fit.WAIT || fit == ReceiveBuffers.Fit.SOME && isPatient()) {
                return 0;
            }
            if (fit == ReceiveBuffers.Fit.ENOUGH) {
                buffers.fill(incoming);
                count(length);
            } else {
                drop(NetCounter.RX_DROP_OVERRUNS);
            }
        }
        impatient = false;
        if (!incoming.advance()) {
            removePacket();
        }
        return length + PACKET_COST;
    }

    /** Whether a packet may wait on for more buffers. */
    private boolean isPatient() {
        long now = clock.nanoTime();
        if (!impatient) {
            impatient = true;
            waitingSince = now;
            clock.set(patience, now + PATIENCE_NANOS);
        }
        return now - waitingSince < PATIENCE_NANOS;
    }

    private void count(int length) {
        NetHeader header = incoming.outgoing();
        counters.countAlone(pair, NetCounter.RX_PACKETS, 1);
        counters.countAlone(pair, NetCounter.RX_BYTES, length);
        counters.countAlone(pair, header.needsCsum() ? NetCounter.RX_NEEDS_CSUM
                : header.isDataValid() ? NetCounter.RX_CSUM_VALID : NetCounter.RX_CSUM_NONE, 1);
        if (header.isGso()) {
            counters.countAlone(pair, NetCounter.RX_GSO_PACKETS, 1);
            counters.countAlone(pair, NetCounter.RX_GSO_BYTES, length);
        }
        coalescing.packet();
    }

    @Override
    public void handle(DescriptorChain chain) {
        throw new IllegalStateException("receive buffers are taken when a packet is there");
    }
}
