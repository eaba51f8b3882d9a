// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.queue;

import io.netty.buffer.ByteBuf;
import io.virtio4j.core.fault.ChainFault;
import io.virtio4j.core.fault.RingFault;
import io.virtio4j.core.memory.DirtyLog;
import io.virtio4j.core.memory.GuestMemory;
import io.virtio4j.core.memory.MemoryMap;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A running queue: size, format and features are final; what the driver writes to its configuration
 * afterwards changes nothing here. Reset drops the object.
 *
 * <p>Device code uses {@link #take()} and {@link #drain} on the owner's thread, inside of {@link
 * QueueHandler#service}, and {@link #wake()} on any thread.
 */
public final class VirtQueue {

    private static final VarHandle ATTENTION;

    static {
        try {
            ATTENTION = MethodHandles.lookup().findVarHandle(VirtQueue.class, "attention", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    // What else wants the queue: bits of attention.
    private static final int HOLD = 1;
    private static final int QUIESCE = 2;
    private static final int STOP = 4;

    private final int index;
    private final String name;
    private final RingFeatures features;
    private final Ring ring;
    private final int workLimit;
    private final GuestMemory memory;
    private final QueueListener listener;
    private final QueueCounters counters;
    private final QueueTask task;
    private final RingPresence presence;
    private final ChainViews views;
    private final Publication publication;

    private final ChainPool pool;
    private final Completions completions = new Completions();
    private final @Nullable UsedOrder order; // with IN_ORDER
    private int nextSequence;
    /** Chains of a saved state, to be handled before new ones. */
    private @Nullable ChainsInWork restored;

    // What happened in the current turn.
    private boolean sawEmpty;
    private boolean sawFull; // the device has no room
    private boolean sawEnough; // it is another queue's turn
    private int turnsLeft; // chains that may still be taken; 0 once the device has no room
    private int held;
    private @Nullable MemoryMap pinned;

    /** Set by the device instance; 0 on the hot path. */
    private volatile int attention;
    private volatile boolean failed;

    /**
     * Starts a queue. Everything that the driver programmed is checked here, and only here.
     *
     * @param config what the driver programmed
     * @param features what was negotiated
     * @param state where to begin
     * @param context what the queue needs from its device instance
     * @throws RingFault if the queue cannot run
     */
    public VirtQueue(QueueConfig config, RingFeatures features, QueueState state, QueueContext context) {
        this.index = config.index();
        this.name = config.name();
        this.features = features;
        this.memory = context.memory();
        this.listener = context.listener();
        this.counters = context.counters();
        MemoryMap map = memory.pin();
        try {
            this.ring = features.format() == RingFormat.SPLIT
                    ? new SplitRing(config, features, map, state.position())
                    : new PackedRing(config, features, map, state.position());
            this.workLimit = ring.walker.workLimit;
            this.pool = new ChainPool(ring.size, this, map);
            this.order = features.inOrder() ? new UsedOrder(ring.size) : null;
            this.views = new ChainViews();
            this.publication = new Publication(this, ring, listener, counters);
            this.task = new QueueTask(this, context.runner());
            this.presence = new RingPresence(ring, memory, map, views::forget, task::wake);
            restored = ChainsInWork.of(state, context.journal(), this, map, ring);
        } finally {
            map.unpin();
        }
    }

    // ── For devices ────────────────────────────────────────────────────────

    /** The queue's index in its device. */
    public int index() {
        return index;
    }

    /** The queue's name in the specification. */
    public String name() {
        return name;
    }

    /** How many entries it has. */
    public int size() {
        return ring.size;
    }

    /** What was negotiated about it. */
    public RingFeatures features() {
        return features;
    }

    /** What it did. */
    public QueueCounters counters() {
        return counters;
    }

    /**
     * Asks the owner to call the handler: there is room again, or something to put in. Any thread. The call
     * that follows sees what the caller did before, by whatever kind of access.
     */
    public void wake() {
        // A turn that is due already is not asked for again, and it may begin before a plain store is visible.
        VarHandle.fullFence();
        task.wake();
    }

    /**
     * Serves available chains until there are none, one is put back, or it is another queue's turn.
     *
     * @return how many chains were taken
     */
    public int drain(QueueHandler handler) {
        int count = 0;
        for (DescriptorChain chain = take(); chain != null; chain = take()) {
            count++;
            serve(chain, handler);
        }
        return count;
    }

    private void serve(DescriptorChain chain, QueueHandler handler) {
        try {
            handler.handle(chain);
            if (chain.isTaken()) {
                throw new IllegalStateException("handler neither completed, deferred nor put back the"
                        + " chain: queue=" + name + " id=" + chain.id);
            }
        } catch (ChainFault e) {
            if (chain.isTaken()) {
                refuse(chain);
            }
        } catch (RingFault e) {
            throw e;
        } catch (RuntimeException e) {
            deviceFailed(e);
            if (chain.isTaken()) {
                giveBack(chain);
            }
        }
    }

    /**
     * Takes the next available chain, on the owner's thread.
     *
     * @return {@code null} if there is none, or if the turn of this queue is over; the handler is called
     *     again when there are more
     */
    public @Nullable DescriptorChain take() {
        MemoryMap map = pinned();
        while (mayTake()) {
            sawEmpty = false;
            DescriptorChain chain = pool.take(this, map);
            chain.begin(nextSequence);
            try {
                if (!takeInto(chain)) {
                    sawEmpty = true;
                    pool.release(chain);
                    return null;
                }
                chain.checkLength();
            } catch (ChainFault e) {
                accept(chain);
                refuse(chain);
                continue;
            }
            accept(chain);
            return chain;
        }
        return null;
    }

    private boolean mayTake() {
        if (--turnsLeft >= 0 && (int) ATTENTION.getOpaque(this) == 0 && ring.walker.work < workLimit) {
            return true;
        }
        turnsLeft = 0;
        sawEnough |= !sawFull && ((int) ATTENTION.getOpaque(this) & (QUIESCE | STOP)) == 0;
        return false;
    }

    /** Takes what a saved state says was in work, then what is available. */
    private boolean takeInto(DescriptorChain chain) {
        return restored == null ? ring.take(chain) : takeRestored(restored, chain);
    }

    private boolean takeRestored(ChainsInWork first, DescriptorChain chain) {
        if (first.isEmpty()) {
            restored = null;
            return ring.take(chain);
        }
        chain.restored = true;
        first.takeFirst(chain, ring);
        return true;
    }

    private void accept(DescriptorChain chain) {
        chain.ready();
        nextSequence++;
        held++;
        if (order != null) {
            order.taken(chain);
        }
    }

    // ── The life of a chain ────────────────────────────────────────────────

    /** The chain cannot be served: back with length 0, and on. */
    private void refuse(DescriptorChain chain) {
        counters.chainFault();
        giveBack(chain);
    }

    private void giveBack(DescriptorChain chain) {
        chain.usedLength = 0;
        finish(chain);
    }

    private void deviceFailed(RuntimeException e) {
        if (!isRevoked()) {
            counters.deviceFault();
            listener.deviceFailed(this, e);
        }
    }

    /** Ends a loan on the owner's thread. */
    void finish(DescriptorChain chain) {
        held--;
        end(chain);
    }

    private void end(DescriptorChain chain) {
        if (order == null) {
            use(chain);
        } else {
            chain.endInOrder();
            for (DescriptorChain next = order.next(); next != null; next = order.next()) {
                use(next);
            }
        }
    }

    private void use(DescriptorChain chain) {
        counters.used(chain.pieces().readableBytes(), chain.usedLength);
        DirtyLog log = ring.log;
        if (log != null) {
            chain.logWritten(log);
        }
        ring.use(chain);
        pool.release(chain);
        publication.used();
    }

    /** Makes what was used visible now, instead of at the end of the turn. On the owner's thread. */
    public void publish() {
        publication.publish(false);
    }

    /**
     * Keeps chains that are used from now on together: the driver sees all of them or none. To be ended with
     * {@code false} in the same turn. On the owner's thread.
     */
    public void gather(boolean on) {
        publication.gather(on);
    }

    /** Has used buffer notifications moderated from the next one on; {@code null} ends that. Any thread. */
    public void moderate(@Nullable NotificationModeration moderation) {
        publication.moderate(moderation);
    }

    void putBack(DescriptorChain chain) {
        if (chain.sequence != nextSequence - 1) {
            throw new IllegalStateException("only the chain that was taken last can be put back: queue="
                    + name + " id=" + chain.id);
        }
        held--;
        nextSequence--;
        sawFull = true;
        turnsLeft = 0;
        if (order != null) {
            order.putBack();
        }
        if (chain.restored) {
            ChainsInWork first = restored != null ? restored : new ChainsInWork(List.of(), ring);
            first.putBack(chain);
            restored = first;
        } else {
            ring.putBack(chain);
        }
        pool.release(chain);
    }

    private MemoryMap pinned() {
        MemoryMap map = pinned;
        if (map == null) {
            throw new IllegalStateException("chains are for the queue's handler: queue=" + name);
        }
        return map;
    }

    void parked() {
        held--;
    }

    void unpark(DescriptorChain chain) {
        ring.walker.relocate(chain.pieces(), pinned());
        held++;
    }

    MemoryMap pinForDeferred() {
        MemoryMap map = pinned();
        map.repin();
        held--;
        completions.defer();
        return map;
    }

    /** A deferred chain was completed, on any thread. */
    void completeLater(DescriptorChain chain) {
        completions.push(chain);
        // Volatile: the push is visible before the read, or stop() and this thread can both miss the chain.
        if (((int) ATTENTION.getVolatile(this) & STOP) != 0) {
            dropCompleted();
        } else {
            task.wake();
        }
    }

    /** A chain of a stopped queue was completed, on any thread: gives its memory back. */
    void drop(DescriptorChain chain) {
        if (chain.isDeferred()) {
            chain.unpin();
            completions.settle();
        }
    }

    private void collectCompleted() {
        DescriptorChain first = completions.takeAll();
        // None of them can touch memory any more, whatever happens in between.
        for (DescriptorChain chain = first; chain != null; chain = chain.next) {
            chain.unpin();
            completions.settle();
        }
        for (DescriptorChain chain = first, following; chain != null && !isRevoked(); chain = following) {
            following = chain.next;
            chain.next = null;
            end(chain);
        }
    }

    /** The queue was stopped, or its ring failed: completions only give memory back. */
    private void dropCompleted() {
        DescriptorChain chain = completions.takeAll();
        for (DescriptorChain following; chain != null; chain = following) {
            following = chain.next;
            drop(chain);
        }
    }

    // ── A turn of the owner ────────────────────────────────────────────────

    /**
     * One turn: collect completions, let the handler work, publish, and look again before resting.
     *
     * @param rest whether to ask for notifications when nothing is left
     * @return whether there is more to do
     */
    boolean turn(QueueHandler handler, boolean rest) {
        if (isRevoked()) {
            return false;
        }
        if (failed) {
            dropCompleted();
            return false;
        }
        DrainEvent event = DrainEvent.start();
        long before = counters.chains();
        boolean more = false;
        MemoryMap map = memory.pin();
        try {
            pinned = map;
            more = isRingIn(map) && work(handler, rest);
        } catch (RuntimeException | Error e) {
            // A RingFault; or memory that its owner took away under us, which is an InternalError, or an
            // IllegalStateException if its arena was closed.
            fail(e);
        } finally {
            pinned = null;
            views.close();
            map.unpin();
        }
        if (event != null) {
            event.finish(name, counters.chains() - before);
        }
        return more;
    }

    private boolean isRingIn(MemoryMap map) {
        return presence.isIn(map, completions.deferred() != 0);
    }

    private boolean work(QueueHandler handler, boolean rest) {
        sawEmpty = false;
        sawFull = false;
        sawEnough = false;
        turnsLeft = ring.size;
        ring.walker.work = 0;
        ring.disarm();
        collectCompleted();
        try {
            handler.service(this);
        } catch (ChainFault e) {
            counters.chainFault();
        } catch (RingFault e) {
            throw e;
        } catch (RuntimeException e) {
            deviceFailed(e);
        }
        returnForgotten();
        publish();
        return !isRevoked() && (sawEmpty ? rest && ring.arm() : sawEnough);
    }

    /** A handler that took chains by itself and kept some without deferring them. */
    private void returnForgotten() {
        if (held == 0 || isRevoked()) {
            return;
        }
        deviceFailed(new IllegalStateException(
                "service ended without ending the loan of chains: queue=" + name + " chains=" + held));
        for (int i = 0; i < pool.made(); i++) {
            DescriptorChain chain = pool.get(i);
            if (chain != null && chain.isTaken()) {
                giveBack(chain);
            }
        }
    }

    private void fail(Throwable cause) {
        if (!isRevoked()) {
            failed = true;
            counters.ringFault();
            listener.queueFailed(this, cause);
        }
        // No turn may come any more that would give back their memory.
        dropCompleted();
    }

    // ── For the device instance ────────────────────────────────────────────

    /** Lets the queue run with a handler; it looks for available buffers at once. */
    public void run(QueueHandler handler) {
        task.start(handler);
    }

    /** The driver sent an available buffer notification. Any thread. */
    public void notifyAvailable() {
        counters.notified();
        presence.notified();
        task.wake();
    }

    /**
     * Keeps the owner away from the queue, so that the calling thread owns it: waits for the end of the
     * chain in work. Nests.
     *
     * @return false if the calling thread is the owner right now, in the middle of a turn
     */
    public boolean hold() {
        attend(HOLD, true);
        return task.hold();
    }

    /** Ends a {@link #hold()}. */
    public void unhold() {
        attend(HOLD, task.holds() > 1);
        task.unhold();
    }

    /**
     * Makes the queue finish what is in work and take nothing new, or take chains again. It has finished
     * when {@link #deferred()} is 0 and it was held.
     */
    public void quiesce(boolean on) {
        attend(QUIESCE, on);
        task.wake();
    }

    /**
     * Stops the queue for good: from now on it touches neither ring nor buffers, and sends nothing. Chains
     * that are deferred still count as {@link #deferred()} until they are completed. Idempotent.
     */
    public void stop() {
        hold();
        attend(STOP, true);
        pool.revoke();
        dropCompleted();
        task.close();
    }

    private void attend(int bit, boolean on) {
        if (on) {
            ATTENTION.getAndBitwiseOr(this, bit);
        } else {
            ATTENTION.getAndBitwiseAnd(this, ~bit);
        }
    }

    /** How many chains are deferred. */
    public int deferred() {
        return completions.deferred();
    }

    /** Whether the holder of a deferred chain may still touch its memory. The caller holds the queue. */
    public boolean isLent() {
        return pool.isLent();
    }

    /** Whether the ring was found inconsistent. */
    public boolean hasFailed() {
        return failed;
    }

    /** Whether the queue was stopped. */
    boolean isRevoked() {
        return ((int) ATTENTION.getOpaque(this) & STOP) != 0;
    }

    /** Publishes completions that came in, and notifies the driver at once. The caller holds the queue. */
    public void settle() {
        if (!failed && !isRevoked()) {
            MemoryMap map = memory.pin();
            try {
                pinned = map;
                if (isRingIn(map)) {
                    collectCompleted();
                    publication.publish(true);
                }
            } catch (RuntimeException | Error e) {
                fail(e);
            } finally {
                pinned = null;
                map.unpin();
            }
        }
    }

    /** Where the queue is, {@linkplain #settle() settled}. The caller holds the queue. */
    public QueueState state() {
        settle();
        ChainsInWork waiting = restored != null ? restored : new ChainsInWork(List.of(), ring);
        return new QueueState(ring.position(), waiting.save(pool, nextSequence));
    }

    ByteBuf view(MemorySegment segment, long at, int bytes, boolean writable) {
        return views.view(segment, at, bytes, writable);
    }

    @Override
    public String toString() {
        return "VirtQueue[" + index + " " + name + " " + features.format() + " size=" + ring.size
                + (failed ? " failed" : "") + (isRevoked() ? " stopped" : "") + "]";
    }
}
