// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.queue;

import java.util.concurrent.ThreadFactory;

/**
 * Decides which thread works on the queues of one device. The library owns no thread unless you ask for
 * one here; anything else can be built on {@link #manual()} or on an implementation of your own.
 */
public interface Runner extends AutoCloseable {

    /**
     * A task has something to do: call {@link QueueTask#run()}, once, soon, and again for as long as it
     * returns true, giving other tasks their turn in between. Called by any thread; must not block.
     */
    void schedule(QueueTask task);

    /** A queue was started. */
    default void added(QueueTask task) {}

    /** A queue was stopped. */
    default void removed(QueueTask task) {}

    /** Whether tasks are polled, so that the driver's notifications are not wanted. */
    default boolean polls() {
        return false;
    }

    /**
     * Takes turns of scheduled tasks on the calling thread; never blocks.
     *
     * @param limit the most turns
     * @return how many turns were taken; 0 if nothing was to do, or if this runner has its own threads
     */
    default int poll(int limit) {
        return 0;
    }

    /** Ends the runner's own threads, if it has some. */
    @Override
    void close();

    /**
     * Works on the thread that notifies: a virtual CPU's, mostly. Lowest latency, no hand-over; the driver
     * waits meanwhile. If the driver goes on adding buffers during the notification, the rest moves to a
     * helper thread, so that the virtual CPU is not kept.
     */
    static Runner onCaller() {
        return new CallerRunner();
    }

    /** One thread for all queues of the device. */
    static Runner workerPerDevice(ThreadFactory threads) {
        return new WorkerRunner(threads, false);
    }

    /** One thread for each queue. */
    static Runner workerPerQueue(ThreadFactory threads) {
        return new WorkerRunner(threads, true);
    }

    /** One thread that looks at all queues again and again: lowest latency, a core's price. */
    static Runner busyPolling(ThreadFactory threads) {
        return new BusyPollRunner(threads);
    }

    /** No thread: the embedder calls {@link #poll} in a loop of its own. */
    static Runner manual() {
        return new ManualRunner();
    }
}
