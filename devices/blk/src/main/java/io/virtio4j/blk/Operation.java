// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.blk;

import io.virtio4j.blk.SliceBuffers.Slice;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * What a request waits for: a force, or an operation of an asynchronous backend. One at a time.
 *
 * <p>Any thread may say that it ended; everything else is the queue owner's.
 */
final class Operation extends ForceGate.Waiter implements BlockCompletion {

    private static final int NOTHING = 0;
    private static final int STARTED = 1;
    private static final int SUCCEEDED = 2;
    private static final int FAILED = 3;

    private final BlockRequest request;
    private final BlockQueue queue;
    private final InFlight inFlight;

    private final AtomicInteger state = new AtomicInteger(NOTHING);
    private @Nullable Throwable failure;
    private @Nullable Slice slice;
    private int sliceSize;
    private ExecutorBackend.@Nullable Task task;
    private long changes;

    Operation(BlockRequest request, BlockQueue queue) {
        this.request = request;
        this.queue = queue;
        this.inFlight = queue.device().inFlight();
    }

    /**
     * To be called before an operation is started.
     *
     * @param changedBytes how many bytes from the request's position it may change
     */
    void starting(long changedBytes) {
        failure = null;
        changes = changedBytes;
        state.set(STARTED);
    }

    boolean isStarted() {
        return state.get() == STARTED;
    }

    boolean hasEnded() {
        return state.get() > STARTED;
    }

    long changes() {
        return changes;
    }

    @Override
    public void succeeded() {
        ended(SUCCEEDED);
    }

    @Override
    public void failed(Throwable cause) {
        failure = cause;
        ended(FAILED);
    }

    @Override
    void forced(@Nullable Throwable cause) {
        ended(cause == null ? SUCCEEDED : FAILED);
    }

    /** A second call for the same operation changes nothing. */
    private void ended(int how) {
        if (state.compareAndSet(STARTED, how)) {
            queue.arrived(request);
        }
    }

    @Override
    public boolean isCancelled() {
        return queue.isStopped();
    }

    /** What the operation that ended failed with; {@code null} if it had success. */
    @Nullable Throwable takeOutcome() {
        boolean success = state.getAndSet(NOTHING) == SUCCEEDED;
        Throwable cause = failure;
        return success ? null : cause != null ? cause : new IllegalStateException("no reason given");
    }

    /** The buffer of the operation. */
    Slice slice() {
        Slice now = slice;
        if (now == null) {
            throw new IllegalStateException("operation has no buffer: queue=" + queue);
        }
        return now;
    }

    /** How many bytes of the buffer are for the operation. */
    int sliceSize() {
        return sliceSize;
    }

    /** Takes a buffer for so many bytes. False if too much is in flight. */
    boolean takeSlice(int size) {
        if (!inFlight.enter(size)) {
            return false;
        }
        slice = inFlight.buffersOf(queue.index()).take(size);
        sliceSize = size;
        return true;
    }

    /** Gives the buffer back, if there is one. */
    void releaseSlice() {
        Slice old = slice;
        if (old != null) {
            slice = null;
            if (!queue.isStopped()) {
                inFlight.buffersOf(queue.index()).give(old);
            }
            inFlight.leave(sliceSize);
            queue.device().wakeBlocked();
        }
    }

    /** What an {@link ExecutorBackend} does for the operation: one thing at a time, so that one object is enough. */
    ExecutorBackend.Task task() {
        ExecutorBackend.Task made = task;
        if (made == null) {
            made = new ExecutorBackend.Task();
            task = made;
        }
        return made;
    }
}
