// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.memory;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * A change of guest memory that was made, and whether anything still uses what was taken away.
 *
 * <p>New accesses fail as soon as the change was made. Drains in progress and chains that were
 * deferred before may still touch the old memory; when the last of them has ended, the removal is
 * quiescent and the memory may be unmapped.
 */
public final class RegionRemoval {

    private final CountDownLatch quiescent = new CountDownLatch(1);
    private final List<Runnable> actions = new ArrayList<>();
    private int pending;

    RegionRemoval(int pending) {
        this.pending = pending;
    }

    /** Whether nothing uses the removed memory any more. */
    public boolean isQuiescent() {
        return quiescent.getCount() == 0;
    }

    /**
     * Waits until nothing uses the removed memory. Not to be called by a queue's handler: it would
     * wait for itself.
     *
     * @return false if the time ran out
     */
    public boolean await(long time, TimeUnit unit) throws InterruptedException {
        return quiescent.await(time, unit);
    }

    /**
     * Waits until nothing uses the removed memory, also in a thread that is interrupted, which it then still
     * is. Not to be called by a queue's handler.
     *
     * @param deadline of {@link System#nanoTime()}
     * @return false if the time ran out
     */
    public boolean await(long deadline) {
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    return await(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /**
     * Runs something when nothing uses the removed memory any more: at once if that is so already,
     * else on the thread that ends the last use, which may be a queue's owner. The action must not block;
     * what it throws there goes to that thread's handler of uncaught exceptions, and the thread goes on.
     */
    public void whenQuiescent(Runnable action) {
        synchronized (this) {
            if (!isQuiescent()) {
                actions.add(action);
                return;
            }
        }
        action.run();
    }

    /** One of the maps that were waited for is out of use. */
    void released() {
        List<Runnable> ready;
        synchronized (this) {
            if (--pending > 0) {
                return;
            }
            quiescent.countDown();
            ready = List.copyOf(actions);
            actions.clear();
        }
        ready.forEach(RegionRemoval::runGuarded);
    }

    /** The thread is some queue's owner, and has to go on. */
    private static void runGuarded(Runnable action) {
        try {
            action.run();
        } catch (RuntimeException e) {
            Thread here = Thread.currentThread();
            here.getUncaughtExceptionHandler().uncaughtException(here, e);
        }
    }

    /** Nothing was in use: the removal starts out quiescent. */
    void settle() {
        if (pending == 0) {
            quiescent.countDown();
        }
    }
}
