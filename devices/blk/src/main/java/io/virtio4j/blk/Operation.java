// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.blk;

import io.netty.buffer.ByteBuf;
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
    private @Nullable ByteBuf buffer;
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
    ByteBuf buffer() {
        ByteBuf now = buffer;
        if (now == null) {
            throw new IllegalStateException("operation has no buffer: queue=" + queue);
        }
        return now;
    }

    /** Replaces the buffer, giving the one before back. */
    void buffer(@Nullable ByteBuf newBuffer) {
        ByteBuf old = buffer;
        buffer = newBuffer;
        if (old != null) {
            inFlight.release(old);
            queue.device().wakeBlocked();
        }
    }
}
