// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.blk;

import io.virtio4j.core.device.CounterTable;
import io.virtio4j.core.fault.ChainFault;
import io.virtio4j.core.queue.DescriptorChain;
import io.virtio4j.core.queue.QueueHandler;
import io.virtio4j.core.queue.VirtQueue;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * The requests of one running queue. Requests that cannot go on now wait here, in order; operations that were
 * started arrive here when they end, and the queue's owner goes on with them.
 */
final class BlockQueue implements QueueHandler {

    /** Bytes moved in one turn: a few milliseconds' worth, so that other queues and a reset get theirs. */
    private static final int TURN = 4 << 20;

    private final BlockDevice device;
    private final VirtQueue virtQueue;
    private final BlockIo io;

    private final List<BlockRequest> all = new ArrayList<>();
    private BlockRequest[] free = new BlockRequest[16];
    private int freeCount;

    /** Requests that wait for their turn, for a zone or for a buffer. */
    private final ArrayDeque<BlockRequest> backlog = new ArrayDeque<>();

    /** Requests whose operation ended; pushed by any thread. */
    private final AtomicReference<@Nullable BlockRequest> arrivals = new AtomicReference<>();

    private volatile boolean stopped;

    /** A request waits for something that another one gives back. */
    private volatile boolean blocked;

    private int budget;

    BlockQueue(BlockDevice device, VirtQueue virtQueue) {
        this.device = device;
        this.virtQueue = virtQueue;
        this.io = device.isAsync() ? new AsyncIo(this) : new SyncIo(this);
    }

    BlockDevice device() {
        return device;
    }

    BlockIo io() {
        return io;
    }

    // ── The owner's turn ───────────────────────────────────────────────────

    @Override
    public void service(VirtQueue queue) {
        budget = TURN;
        blocked = false;
        goOnWithArrivals();
        goOnWithBacklog();
        queue.drain(this);
        if (isSpent() && !backlog.isEmpty()) {
            queue.wake();
        }
    }

    @Override
    public void handle(DescriptorChain chain) {
        BlockRequest request = take();
        request.begin(chain);
        if (!backlog.isEmpty()) {
            hold(request);
            return;
        }
        Progress progress = advance(request);
        if (progress == Progress.SPENT || progress == Progress.BLOCKED) {
            hold(request);
        }
    }

    private void hold(BlockRequest request) {
        request.defer();
        backlog.add(request);
        device.counts().countAlone(virtQueue.index(), BlockCounter.DELAYED, 1);
    }

    private void goOnWithArrivals() {
        BlockRequest first = arrivals.getAndSet(null);
        BlockRequest inOrder = null;
        while (first != null) {
            BlockRequest following = first.next;
            first.next = inOrder;
            inOrder = first;
            first = following;
        }
        while (inOrder != null) {
            BlockRequest following = inOrder.next;
            inOrder.next = null;
            if (inOrder.isLive()) {
                goOn(inOrder);
            }
            inOrder = following;
        }
    }

    private void goOn(BlockRequest request) {
        Progress progress = advance(request);
        if (progress == Progress.SPENT || progress == Progress.BLOCKED) {
            hold(request);
        }
    }

    /** Goes on in order, until one has to wait still. */
    private void goOnWithBacklog() {
        for (BlockRequest request = backlog.poll(); request != null; request = backlog.poll()) {
            Progress progress = advance(request);
            if (progress == Progress.SPENT || progress == Progress.BLOCKED) {
                backlog.addFirst(request);
                return;
            }
        }
    }

    /** Runs a request; one that ended, well or not, is free again. */
    private Progress advance(BlockRequest request) {
        Progress progress;
        try {
            progress = request.run();
            if (progress == Progress.BLOCKED) {
                // What it waits for may have been given back before this was set: look again.
                blocked = true;
                progress = request.run();
            }
        } catch (RuntimeException | Error e) {
            boolean deferred = request.isDeferred();
            request.dropped();
            if (!request.operation().isStarted()) {
                release(request);
            }
            if (deferred && e instanceof ChainFault) {
                return Progress.DONE;
            }
            throw e;
        }
        if (progress == Progress.DONE) {
            release(request);
        } else if (progress == Progress.STARTED) {
            request.defer();
        }
        return progress;
    }

    private BlockRequest take() {
        if (freeCount > 0) {
            return free[--freeCount];
        }
        BlockRequest request = new BlockRequest(this);
        all.add(request);
        return request;
    }

    private void release(BlockRequest request) {
        if (freeCount == free.length) {
            free = Arrays.copyOf(free, freeCount * 2);
        }
        free[freeCount++] = request;
    }

    int index() {
        return virtQueue.index();
    }

    boolean isSpent() {
        return budget <= 0;
    }

    void spend(int amount) {
        budget -= amount;
    }

    // ── Any thread ─────────────────────────────────────────────────────────

    /** An operation of a request ended. */
    void arrived(BlockRequest request) {
        BlockRequest top;
        do {
            top = arrivals.get();
            request.next = top;
        } while (!arrivals.compareAndSet(top, request));
        if (stopped) {
            reap();
        } else {
            virtQueue.wake();
        }
    }

    /** Another request gave something back. */
    void wakeIfBlocked() {
        if (blocked) {
            virtQueue.wake();
        }
    }

    boolean isStopped() {
        return stopped;
    }

    // ── What happened ──────────────────────────────────────────────────────

    void backendFailed(BlockFault fault) {
        device.counts().countAlone(virtQueue.index(), BlockCounter.BACKEND_ERRORS, 1);
        device.report(fault);
    }

    @Nullable BlockLifetime lifetime() {
        try {
            return device.lifetime();
        } catch (RuntimeException e) {
            backendFailed(new BlockFault(BlockFault.Kind.LIFETIME, 0, 0, e));
            return null;
        }
    }

    void count(BlockRequestType type, BlockStatus status, long bytes) {
        CounterTable<BlockCounter> counters = device.counts();
        int queue = virtQueue.index();
        switch (status) {
            case OK -> countDone(counters, queue, type, bytes);
            case IOERR -> counters.countAlone(queue, BlockCounter.ERRORS, 1);
            case UNSUPP -> counters.countAlone(queue, BlockCounter.UNSUPPORTED, 1);
            default -> counters.countAlone(queue, BlockCounter.ZONE_ERRORS, 1);
        }
    }

    private static void countDone(CounterTable<BlockCounter> counters, int queue, BlockRequestType type, long bytes) {
        switch (type) {
            case IN -> {
                counters.countAlone(queue, BlockCounter.READS, 1);
                counters.countAlone(queue, BlockCounter.READ_BYTES, bytes);
            }
            case OUT, ZONE_APPEND -> {
                counters.countAlone(queue, BlockCounter.WRITES, 1);
                counters.countAlone(queue, BlockCounter.WRITTEN_BYTES, bytes);
            }
            case FLUSH -> counters.countAlone(queue, BlockCounter.FLUSHES, 1);
            case DISCARD, WRITE_ZEROES, SECURE_ERASE -> counters.countAlone(queue, BlockCounter.RANGES, 1);
            default -> counters.countAlone(queue, BlockCounter.OTHERS, 1);
        }
    }

    // ── The end of the queue ───────────────────────────────────────────────

    /** The queue takes no more turns: chains in work go back, without an answer. */
    void stop() {
        if (stopped) {
            return;
        }
        stopped = true;
        backlog.clear();
        for (BlockRequest request : all) {
            if (request.isLive() && request.isDeferred()) {
                request.dropped();
            }
        }
        reap();
    }

    /** Operations that ended after the queue did: what they held is given back. */
    private void reap() {
        BlockRequest request = arrivals.getAndSet(null);
        while (request != null) {
            BlockRequest following = request.next;
            request.next = null;
            request.letGo();
            request = following;
        }
        device.wakeBlocked();
    }

    @Override
    public String toString() {
        return virtQueue.name();
    }
}
