// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.queue;

import io.netty.buffer.ByteBuf;
import io.virtio4j.core.fault.ChainFault;
import io.virtio4j.core.memory.DirtyLog;
import io.virtio4j.core.memory.MemoryMap;
import io.virtio4j.core.memory.MemoryRegion;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * One buffer that the driver made available: the device-readable bytes, then the device-writable ones.
 *
 * <p>A chain is a loan. The handler ends it in exactly one of three ways before it returns:
 *
 * <ul>
 *   <li>{@link #complete()} or {@link #complete(long)}: it goes to the used ring.
 *   <li>{@link #defer()}: it is kept for asynchronous work. Then one of the complete methods ends it,
 *       once, from any thread.
 *   <li>{@link #putBack()}: it stays available, because the device has no room for it now. The queue
 *       rests until {@link VirtQueue#wake()}.
 * </ul>
 *
 * <p>A chain that waits for something that may never happen is {@linkplain #park() parked} instead.
 *
 * <p>Ending it twice, or not at all, is a fault of the device's code, not of the driver, and is reported as
 * an {@link IllegalStateException}. When the queue is reset while a chain is deferred, completing it
 * does no harm and publishes nothing.
 *
 * <p>The object belongs to the queue and is used again: keep no reference after the end of the loan.
 */
public final class DescriptorChain {

    private static final VarHandle STATE;

    static {
        try {
            STATE = MethodHandles.lookup().findVarHandle(DescriptorChain.class, "state", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    static final int FREE = 0;
    static final int TAKEN = 1;
    static final int DEFERRED = 2;
    /** Completed; waits to be collected by the owner. */
    static final int ENDED = 3;
    /** Completed and collected; waits for its turn with IN_ORDER. */
    static final int WAITING = 4;
    /** The queue was stopped; the device may not touch the chain any more, but has not ended it. */
    static final int REVOKED = 5;
    /** Kept by the device, without its memory. */
    static final int PARKED = 6;

    private static final long MOST_BYTES = 0xFFFF_FFFFL;

    private final VirtQueue queue;
    private final Pieces pieces;
    private final ChainReader reader;
    private final ChainWriter writer;

    /** Plain for the owner; what passes between threads goes through STATE. */
    private int state = FREE;

    /** Split: the head's index. Packed: the buffer id. */
    int id;

    /** Packed: how many slots of the ring the chain takes. */
    int slots;

    /** The order in which it was taken. */
    int sequence;

    /** What the queue's journal calls it. */
    int entry;

    /** It came from a saved state, not from the ring. */
    boolean restored;

    /** What the device reported, once it ended. */
    long usedLength;

    /** The next in the queue's list of completed chains. */
    @Nullable DescriptorChain next;

    /** The place in the queue's pool. */
    final int index;

    private @Nullable MemoryMap pinned;

    DescriptorChain(VirtQueue queue, int index, MemoryMap map) {
        this.queue = queue;
        this.index = index;
        this.pieces = new Pieces(map);
        this.reader = new ChainReader(this, pieces);
        this.writer = new ChainWriter(this, pieces);
    }

    // ── For devices ────────────────────────────────────────────────────────

    /** All device-readable bytes. */
    public ChainReader reader() {
        return reader;
    }

    /** All device-writable bytes. */
    public ChainWriter writer() {
        return writer;
    }

    /** The queue that the chain belongs to. */
    public VirtQueue queue() {
        return queue;
    }

    /**
     * Whether some buffer of the chain is not in guest memory. Reaching it throws; a device that can
     * still write its status may answer with an error of its protocol instead.
     */
    public boolean hasUnmapped() {
        return pieces.hasUnmapped();
    }

    /** Uses the chain; its length is what was {@linkplain ChainWriter#written() written}. */
    public void complete() {
        // Bytes that were written twice count once.
        complete(Math.min(writer.written(), writer.highest()));
    }

    /**
     * Uses the chain.
     *
     * @param length the bytes that were written, counted from the first device-writable one; at most
     *     the length of the writer
     * @throws IllegalStateException if the chain was ended before
     */
    public void complete(long length) {
        if (length < 0 || length > pieces.writableBytes()) {
            throw new IllegalArgumentException("used length: queue=" + queueName() + " length="
                    + length + " writable=" + pieces.writableBytes());
        }
        if (state == TAKEN) {
            usedLength = length;
            queue.finish(this);
        } else {
            completeDeferred(length);
        }
    }

    private void completeDeferred(long length) {
        usedLength = length;
        if (STATE.compareAndSet(this, DEFERRED, ENDED)) {
            queue.completeLater(this);
        } else if (STATE.compareAndSet(this, REVOKED, FREE)) {
            queue.drop(this);
        } else {
            throw ended("complete");
        }
    }

    /**
     * Keeps the chain beyond the handler. To be called before the chain is given to another thread.
     *
     * @throws IllegalStateException if the chain was ended before
     */
    public void defer() {
        if (state != TAKEN) {
            checkHeld();
            throw ended("defer");
        }
        pinned = queue.pinForDeferred();
        STATE.setRelease(this, DEFERRED);
    }

    /**
     * Keeps the chain for as long as the device likes, without its memory: neither a suspension nor a change
     * of memory nor a reset waits for it. It counts as in work, and goes with a saved state. On the owner's
     * thread; {@link #unpark()} continues. If the queue is stopped meanwhile, the chain is just forgotten.
     *
     * @throws IllegalStateException if the chain was ended before
     */
    public void park() {
        if (state != TAKEN) {
            checkHeld();
            throw ended("park");
        }
        queue.parked();
        STATE.setRelease(this, PARKED);
    }

    /**
     * Takes a parked chain up again, as if it had just been taken: buffers are looked for in today's memory,
     * and are read and written from the beginning. On the owner's thread, inside of {@link
     * QueueHandler#service}.
     *
     * @throws IllegalStateException if it is not parked
     */
    public void unpark() {
        if (state != PARKED) {
            checkHeld();
            throw ended("unpark");
        }
        queue.unpark(this);
        state = TAKEN;
        ready();
    }

    /**
     * Leaves the chain available. Of several chains, the last taken is put back first.
     *
     * @throws IllegalStateException if the chain was ended before, or is not the last taken
     */
    public void putBack() {
        if (state != TAKEN) {
            checkHeld();
            throw ended("put back");
        }
        queue.putBack(this);
    }

    private IllegalStateException ended(String what) {
        return new IllegalStateException("cannot " + what + " a chain that was ended before: queue="
                + queueName() + " id=" + id);
    }

    // ── For the queue ──────────────────────────────────────────────────────

    /** The state, also for a thread that is not the owner. */
    int state() {
        return (int) STATE.getAcquire(this);
    }

    boolean isTaken() {
        return state == TAKEN;
    }

    /** In the pool. To be asked by the owner only. */
    boolean isFree() {
        return state == FREE;
    }

    boolean isWaiting() {
        return state == WAITING;
    }

    /** Completed, and waits for its turn. */
    void endInOrder() {
        state = WAITING;
    }

    /** Taken and not used. */
    boolean isInWork() {
        int now = state();
        return now == DEFERRED || now == ENDED || now == WAITING || now == PARKED;
    }

    String queueName() {
        return queue.name();
    }

    /** Starts a loan. */
    void begin(int sequenceNumber) {
        sequence = sequenceNumber;
        restored = false;
        state = TAKEN;
    }

    Pieces pieces() {
        return pieces;
    }

    /** All buffers are there: the device may look. */
    void ready() {
        pieces.end();
        reader.begin(0, pieces.readableBytes());
        writer.begin(pieces.readableCount(), pieces.writableBytes());
        writer.forget();
    }

    /** > the total length of a chain is at most 2^32 bytes [The Virtqueue Descriptor Table] */
    void checkLength() {
        if (pieces.bytes() > MOST_BYTES) {
            throw new ChainFault("chain is longer than 2^32 bytes: queue=" + queueName());
        }
    }

    /** The queue was stopped: takes the memory away from the device. */
    void revoke() {
        if (!STATE.compareAndSet(this, TAKEN, REVOKED)) {
            STATE.compareAndSet(this, DEFERRED, REVOKED);
            STATE.compareAndSet(this, PARKED, REVOKED);
        }
    }

    boolean isDeferred() {
        return pinned != null;
    }

    /** The memory of a deferred chain is not needed any more. */
    void unpin() {
        MemoryMap map = pinned;
        if (map != null) {
            pinned = null;
            map.unpin();
        }
    }

    /** The chain can be used again; if it was long, it gives the room for that back. */
    void recycle() {
        pieces.shrink();
        state = FREE;
    }

    /** Memory may be touched only while the chain is held and its queue lives. */
    void checkHeld() {
        int now = state;
        if (now == TAKEN || now == DEFERRED) {
            return;
        }
        if (now == REVOKED) {
            throw new ChainFault("queue was reset: queue=" + queueName());
        }
        throw ended("access");
    }

    /** A view of guest memory: the queue's for its owner, one of its own for a deferred chain. */
    ByteBuf view(MemorySegment segment, long at, int bytes, boolean writable) {
        return state == TAKEN
                ? queue.view(segment, at, bytes, writable)
                : ChainViews.single(segment, at, bytes, writable);
    }

    /** Tells a log what was written; the driver has not learned of it yet. */
    void logWritten(DirtyLog log) {
        if (writer.written() == 0) {
            return;
        }
        long from = writer.lowest();
        long to = writer.highest();
        long at = 0;
        for (int piece = pieces.readableCount(); piece < pieces.count() && at < to; piece++) {
            MemoryRegion where = pieces.region(piece);
            long bytes = pieces.length(piece);
            long start = Math.max(at, from);
            long stop = Math.min(at + bytes, to);
            if (where != null && start < stop) {
                log.mark(where.guestAddress() + pieces.offset(piece) + (start - at), stop - start);
            }
            at += bytes;
        }
    }
}
